// SPDX-License-Identifier: Apache-2.0

/// Text of a Pod with everything that could drive a terminal made visible (design D18).
enum PrintableText {
    /// The lines of a text, empty ones too.
    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { make(Array($0.utf8)) }
    }

    static func make(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x09: text.append(scalar)
            case 0..<0x20:
                text.append("^")
                text.append(Unicode.Scalar(UInt8(scalar.value) + 0x40))
            case 0x7F: text.append(contentsOf: "^?".unicodeScalars)
            // C1 controls, and marks that turn the direction of writing around.
            case 0x80..<0xA0, 0x202A...0x202E, 0x2066...0x2069: text.append("\u{FFFD}")
            default: text.append(scalar)
            }
        }
        return String(text)
    }
}
