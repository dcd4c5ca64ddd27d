// SPDX-License-Identifier: Apache-2.0

/// Text from Pods, servers and programs for places that show it as it is: without anything that could drive a terminal.
package enum PlainText {
    /// Takes out control characters, escape sequences whole, and marks that turn the direction of writing around.
    package static func clean(_ text: String) -> String {
        var cleaned = String.UnicodeScalarView()
        var escape = Escape.none
        for scalar in text.unicodeScalars {
            switch escape {
            case .none: break
            case .begun:
                escape = scalar == "[" ? .control : scalar == "]" ? .command : .none
                continue
            // A control sequence ends with a letter or one of @[\]^_`{|}~ (ECMA-48, 5.4).
            case .control:
                if (0x40...0x7E).contains(scalar.value) { escape = .none }
                continue
            // A command to the terminal ends with BEL, or ESC and a backslash.
            case .command:
                if scalar.value == 0x07 { escape = .none }
                if scalar.value == 0x1B { escape = .begun }
                continue
            }
            switch scalar.value {
            case 0x09, 0x0A: cleaned.append(scalar)
            case 0x1B: escape = .begun
            case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: break
            default: cleaned.append(scalar)
            }
        }
        return String(cleaned)
    }

    private enum Escape { case none, begun, control, command }
}
