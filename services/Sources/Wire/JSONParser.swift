// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Reads the first JSON value of a request body and ignores what follows it, as the original servers do.
/// The messages are in the words of Go's decoder, since clients of the originals have seen those.
package struct JSONParser {
    /// Deeper nesting is refused: the parser recurses, and a body must not be able to exhaust the stack.
    static let maximumDepth = 256

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The first value in `bytes`. Throws `DomainError` with the decoder's words.
    package static func firstValue(in bytes: [UInt8]) throws(DomainError) -> JSON {
        var parser = JSONParser(bytes)
        parser.skipSpace()
        guard parser.position < bytes.count else { throw DomainError("EOF") }
        return try parser.value(depth: 0)
    }

    private mutating func value(depth: Int) throws(DomainError) -> JSON {
        guard depth < JSONParser.maximumDepth else { throw DomainError("exceeded max depth") }
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
        default: throw unexpected("looking for beginning of value")
        }
    }

    private mutating func object(depth: Int) throws(DomainError) -> JSON {
        position += 1
        var members: [JSON.Member] = []
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard try peek() == UInt8(ascii: "\"") else {
                throw unexpected("looking for beginning of object key string")
            }
            let key = try string()
            skipSpace()
            guard try peek() == UInt8(ascii: ":") else { throw unexpected("after object key") }
            position += 1
            members.append(JSON.Member(key, try value(depth: depth + 1)))
            skipSpace()
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw unexpected("after object key:value pair")
            }
        }
    }

    private mutating func array(depth: Int) throws(DomainError) -> JSON {
        position += 1
        var items: [JSON] = []
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(items)
            default: throw unexpected("after array element")
            }
        }
    }

    private mutating func literal(_ word: String, _ value: JSON) throws(DomainError) -> JSON {
        for byte in word.utf8 {
            guard try peek() == byte else { throw unexpected("in literal \(word)") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(DomainError) -> String {
        let start = position
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if try peek() == UInt8(ascii: "0") { position += 1 } else { try digits("in numeric literal") }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits("after decimal point in numeric literal")
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(try peek()) { position += 1 }
            try digits("in exponent of numeric literal")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits(_ place: String) throws(DomainError) {
        guard (0x30...0x39).contains(try peek()) else { throw unexpected(place) }
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    }

    private mutating func string() throws(DomainError) -> String {
        position += 1
        var text: [UInt8] = []
        while true {
            let byte = try peek()
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                // Broken UTF-8 becomes U+FFFD, as in Go.
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20:
                position -= 1
                throw unexpected("in string literal")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(DomainError) {
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexUnit()
            if (0xd800..<0xdc00).contains(unit), let low = try lowSurrogate() {
                unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
            }
            // A surrogate without its partner becomes U+FFFD, as in Go.
            text.append(contentsOf: String(Character(Unicode.Scalar(unit) ?? "\u{fffd}")).utf8)
        default:
            position -= 1
            throw unexpected("in string escape code")
        }
    }

    /// The second half of a pair, if one follows; nothing is consumed otherwise.
    private mutating func lowSurrogate() throws(DomainError) -> UInt32? {
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return nil }
        let start = position
        position += 2
        let unit = try hexUnit()
        if (0xdc00..<0xe000).contains(unit) { return unit }
        position = start
        return nil
    }

    private mutating func hexUnit() throws(DomainError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexDigitValue(try peek()) else { throw unexpected("in \\u hexadecimal character escape") }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private func peek() throws(DomainError) -> UInt8 {
        guard position < bytes.count else { throw DomainError("unexpected EOF") }
        return bytes[position]
    }

    private func unexpected(_ place: String) -> DomainError {
        guard position < bytes.count else { return DomainError("unexpected EOF") }
        return DomainError("invalid character '\(Character(Unicode.Scalar(bytes[position])))' \(place)")
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }
}

/// The value of an ASCII hexadecimal digit.
func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
}
