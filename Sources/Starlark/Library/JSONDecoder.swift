// SPDX-License-Identifier: Apache-2.0

/// Reads JSON into values: objects as dicts, arrays as lists, numbers with a point or exponent as floats.
struct JSONDecoder {
    /// What is wrong with the text, and at which byte.
    struct Failure: Error {
        let offset: Int
        let message: String
    }

    private let text: [UInt8]
    private var offset = 0
    private var depth = 0

    private static let maxDepth = 300

    static func decode(_ text: [UInt8]) throws(Failure) -> Value {
        var decoder = JSONDecoder(text: text)
        let value = try decoder.readValue()
        decoder.skipSpace()
        if let extra = decoder.peek {
            throw decoder.fail("unexpected character \(Self.show(extra)) after value")
        }
        return value
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private var peek: UInt8? { offset < text.count ? text[offset] : nil }

    private func fail(_ message: String) -> Failure { Failure(offset: offset, message: message) }

    private static func show(_ byte: UInt8) -> String {
        let character = Character(Unicode.Scalar(byte))
        return character == "'" || character == "\\" ? "'\\\(character)'" : "'\(character)'"
    }

    private mutating func skipSpace() {
        while let byte = peek, Self.isSpace(byte) { offset += 1 }
    }

    /// The next byte that is no space; the end of the text is an error.
    private mutating func next() throws(Failure) -> UInt8 {
        skipSpace()
        guard let byte = peek else { throw fail("unexpected end of file") }
        return byte
    }

    private mutating func readValue() throws(Failure) -> Value {
        let byte = try next()
        switch byte {
        case UInt8(ascii: "\""): return .object(StarlarkString(bytes: try readString()))
        case UInt8(ascii: "["): return try nested { decoder throws(Failure) in try decoder.readArray() }
        case UInt8(ascii: "{"): return try nested { decoder throws(Failure) in try decoder.readObject() }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        default: break
        }
        for (word, value) in [("null", Value.none), ("true", .bool(true)), ("false", .bool(false))]
        where text[offset...].starts(with: word.utf8) {
            offset += word.utf8.count
            return value
        }
        throw fail("unexpected character \(Self.show(byte))")
    }

    private mutating func nested(
        _ body: (inout JSONDecoder) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        depth += 1
        if depth > Self.maxDepth { throw fail("data nests too deeply") }
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func readArray() throws(Failure) -> Value {
        offset += 1
        var elements: [Value] = []
        if try next() == UInt8(ascii: "]") {
            offset += 1
            return .list([])
        }
        while true {
            elements.append(try readValue())
            let byte = try next()
            if byte != UInt8(ascii: ",") {
                guard byte == UInt8(ascii: "]") else {
                    throw fail("in array, got \(Self.show(byte)), want ',' or ']'")
                }
                offset += 1
                return .list(elements)
            }
            offset += 1
        }
    }

    private mutating func readObject() throws(Failure) -> Value {
        offset += 1
        var table = CompactTable()
        if try next() == UInt8(ascii: "}") {
            offset += 1
            return .object(StarlarkDict())
        }
        while true {
            let key = try readValue()
            guard key.stringObject != nil else { throw fail("got \(key.typeName) for object key, want string") }
            let separator = try next()
            guard separator == UInt8(ascii: ":") else {
                throw fail("after object key, got \(Self.show(separator)), want ':'")
            }
            offset += 1
            let value = try readValue()
            do {
                try table.set(key, value)
            } catch {
                throw fail(String(describing: error))
            }
            let byte = try next()
            if byte != UInt8(ascii: ",") {
                guard byte == UInt8(ascii: "}") else {
                    throw fail("in object, got \(Self.show(byte)), want ',' or '}'")
                }
                offset += 1
                return .object(StarlarkDict(table: table))
            }
            offset += 1
        }
    }

    private mutating func readNumber() throws(Failure) -> Value {
        let start = offset
        while let byte = peek, isDigit(byte) || "+-.eE".utf8.contains(byte) { offset += 1 }
        let literal = String(decoding: text[start..<offset], as: UTF8.self)
        let unsigned = literal.hasPrefix("-") ? literal.dropFirst() : literal[...]
        let wrong = Failure(offset: start, message: "invalid number: \(literal)")
        let whole = unsigned.prefix { $0.isNumber }
        guard !whole.isEmpty, whole.count == 1 || !whole.hasPrefix("0") else { throw wrong }
        let rest = unsigned.dropFirst(whole.count)
        if rest.isEmpty {
            guard let magnitude = IntMath.parse(whole.utf8, radix: 10) else { throw wrong }
            return Value(big: literal.hasPrefix("-") ? -magnitude : magnitude)
        }
        // Swift's own syntax of floats differs only in what the checks here exclude.
        let parts = rest.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        let fraction = parts[0]
        let isFraction = fraction.isEmpty || (fraction.count > 1 && fraction.dropFirst().allSatisfy(\.isNumber))
        guard isFraction, let number = Double(literal), number.isFinite else { throw wrong }
        return .float(number)
    }

    private mutating func readString() throws(Failure) -> [UInt8] {
        let start = offset
        offset += 1
        var result: [UInt8] = []
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return UTF8Text.repaired(result)
            case UInt8(ascii: "\\"): try readEscape(into: &result)
            case 0x00..<0x20:
                throw Failure(offset: offset - 1, message: "invalid control character in string literal")
            default: result.append(byte)
            }
        }
        throw Failure(offset: start, message: "unclosed string literal")
    }

    private mutating func readEscape(into result: inout [UInt8]) throws(Failure) {
        guard let letter = peek else { throw fail("unclosed string literal") }
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            var code = try readUnit()
            // Two units of UTF-16 make a character beyond the first plane.
            if code & 0xFC00 == 0xD800, text[offset...].starts(with: "\\u".utf8) {
                let before = offset
                offset += 2
                let low = try readUnit()
                if low & 0xFC00 == 0xDC00 {
                    code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
                } else {
                    offset = before
                }
            }
            result += UTF8Text.encode(Unicode.Scalar(code) ?? UTF8Text.replacement)
        default:
            throw Failure(offset: offset - 2, message: "invalid escape sequence in string literal")
        }
    }

    private mutating func readUnit() throws(Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = byte.digitValue(radix: 16) else {
                throw fail("invalid escape sequence in string literal")
            }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
