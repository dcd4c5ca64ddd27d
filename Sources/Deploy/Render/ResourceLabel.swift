// SPDX-License-Identifier: Apache-2.0

/// A resource's name as the value of a label; pure.
package enum ResourceLabel {
    /// The name itself where it may be a value. Names may be any text (`web:deployment`, `My site`): of others what may
    /// be in a value, and a hash that tells them apart.
    package static func value(of name: String) -> String {
        if isValue(name) { return name }
        var text = ""
        for scalar in name.unicodeScalars {
            text.unicodeScalars.append(isPlain(scalar) ? scalar : "-")
            if text.utf8.count == 50 { break }
        }
        let start = String(text.unicodeScalars.drop { !isAlphanumeric($0) })
        return start.isEmpty ? hash(name) : "\(start)-\(hash(name))"
    }

    private static func isValue(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last else { return false }
        return name.utf8.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
            && name.unicodeScalars.allSatisfy(isPlain)
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        isAlphanumeric(scalar) || scalar == "-" || scalar == "_" || scalar == "."
    }

    /// FNV-1a of 32 bits: names of one spec have to differ, nothing more.
    private static func hash(_ name: String) -> String {
        let value = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
