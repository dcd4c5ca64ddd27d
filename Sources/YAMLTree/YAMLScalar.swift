// SPDX-License-Identifier: Apache-2.0

/// The text of a scalar and how it was written; what it means depends on both.
package struct YAMLScalar: Sendable, Equatable {
    package var text: String
    /// Written without quotes and not as a block; only then can it be something else than a string.
    package var isPlain: Bool

    package init(text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
    }
}

extension YAMLScalar {
    /// What a scalar stands for, before JSON narrows it.
    enum Meaning: Equatable {
        case null
        case bool(Bool)
        case int(Int)
        /// Fractions, and integers that 64 bits do not hold.
        case float(Double)
        case string
    }

    /// Resolution of a plain scalar as Kubernetes' YAML library does it: YAML 1.1 words (`yes`, `on`, `y` are true),
    /// `0777` and `0o777` octal, `0x` and `0b`, underscores in numbers; no base 60, dates stay strings.
    static func resolve(_ text: String) -> Meaning {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .float(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
        default: break
        }
        switch text.utf8.first ?? 0 {
        case UInt8(ascii: "."): return float(Array(text.utf8)).map(Meaning.float) ?? .string
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
            if let integer = integer(digits) { return integer }
            return float(digits).map(Meaning.float) ?? .string
        default: return .string
        }
    }

    /// An integer with optional sign and prefix; a bare leading zero means octal.
    private static func integer(_ bytes: [UInt8]) -> Meaning? {
        var rest = bytes[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        var radix = 10
        if rest.first == UInt8(ascii: "0"), rest.count > 1, let mark = rest.dropFirst().first {
            switch mark | 0x20 {
            case UInt8(ascii: "x"): (radix, rest) = (16, rest.dropFirst(2))
            case UInt8(ascii: "o"): (radix, rest) = (8, rest.dropFirst(2))
            case UInt8(ascii: "b"): (radix, rest) = (2, rest.dropFirst(2))
            default: (radix, rest) = (8, rest.dropFirst())
            }
        }
        guard let first = rest.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        let text = String(decoding: rest, as: UTF8.self)
        if let value = Int((isNegative ? "-" : "") + text, radix: radix) { return .int(value) }
        guard let value = UInt64(text, radix: radix) else { return nil }
        return .float(isNegative ? -Double(value) : Double(value))
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
    private static func float(_ bytes: [UInt8]) -> Double? {
        var position = 0
        func digits() -> Int {
            let start = position
            while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
                position += 1
            }
            return position - start
        }
        func take(_ choices: StaticString) -> Bool {
            guard position < bytes.count, choices.description.utf8.contains(bytes[position]) else { return false }
            position += 1
            return true
        }
        _ = take("+-")
        let whole = digits()
        if take(".") {
            guard digits() > 0 || whole > 0 else { return nil }
        } else if whole == 0 {
            return nil
        }
        if take("eE") {
            _ = take("+-")
            guard digits() > 0 else { return nil }
        }
        guard position == bytes.count, let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite else {
            return nil
        }
        return value
    }
}
