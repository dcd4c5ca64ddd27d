// SPDX-License-Identifier: Apache-2.0

internal import BigInt

extension Scanner {
    /// Reads a number: decimal, `0x`, `0o`, `0b`, or a float.
    mutating func scanNumber() throws(SyntaxError) {
        let start = offset
        if peek() == UInt8(ascii: "0"), let (radix, name) = Self.radix(of: peek(1)) {
            offset += 2
            let digits = offset
            while let value = peek().digitValue(radix: 16), value < radix { offset += 1 }
            guard let value = IntMath.parse(source[digits..<offset], radix: radix) else {
                throw fail("invalid \(name) literal")
            }
            // A word may follow at once, as in `0in x`; a digit is a mistake.
            if isDigit(peek()) { throw fail("invalid \(name) literal") }
            return deliverInt(value)
        }
        var isFloat = false
        while isDigit(peek()) { offset += 1 }
        let integerEnd = offset
        if peek() == UInt8(ascii: ".") {
            isFloat = true
            offset += 1
            while isDigit(peek()) { offset += 1 }
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isFloat = true
            offset += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { offset += 1 }
            guard isDigit(peek()) else { throw fail("invalid float literal") }
            while isDigit(peek()) { offset += 1 }
        }
        let text = String(decoding: source[start..<offset], as: UTF8.self)
        if isFloat {
            guard let value = Double(text.hasSuffix(".") ? text + "0" : text), value.isFinite else {
                throw fail("invalid float literal")
            }
            number = .float(value)
            return deliver(.float)
        }
        if integerEnd - start > 1 && source[start] == UInt8(ascii: "0") {
            if source[start..<integerEnd].allSatisfy({ $0 == UInt8(ascii: "0") }) { return deliverInt(0) }
            throw fail("obsolete form of octal literal; use 0o\(text.dropFirst())")
        }
        if let small = Int(text) {
            number = .int(small)
            return deliver(.int)
        }
        guard let value = IntMath.parse(source[start..<offset], radix: 10) else { throw fail("invalid int literal") }
        deliverInt(value)
    }

    private mutating func deliverInt(_ value: BigInt) {
        number = Value(big: value)
        deliver(.int)
    }

    private static func radix(of letter: UInt8) -> (Int, String)? {
        switch letter {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): (16, "hex")
        case UInt8(ascii: "o"), UInt8(ascii: "O"): (8, "octal")
        case UInt8(ascii: "b"), UInt8(ascii: "B"): (2, "binary")
        default: nil
        }
    }

    /// Reads a string or bytes literal, whose prefix letters have been seen but not consumed.
    mutating func scanString(prefixLength: Int, raw: Bool, bytes: Bool) throws(SyntaxError) {
        offset += prefixLength
        let quote = peek()
        let triple = peek(1) == quote && peek(2) == quote
        offset += triple ? 3 : 1
        literal.removeAll(keepingCapacity: true)
        while true {
            guard !isAtEnd else { throw fail("unexpected EOF in string") }
            let byte = peek()
            if byte == quote && (!triple || (peek(1) == quote && peek(2) == quote)) {
                offset += triple ? 3 : 1
                break
            }
            if byte == 0x0A {
                guard triple else { throw fail("unexpected newline in string") }
                skipNewline()
                literal.append(0x0A)
            } else if byte == UInt8(ascii: "\\") {
                if raw { try scanRawBackslash() } else { try scanEscape(bytes: bytes) }
            } else {
                literal.append(byte)
                offset += 1
            }
        }
        deliver(bytes ? .bytes : .string)
    }

    /// In a raw literal a backslash is kept, and so is the quote after it.
    private mutating func scanRawBackslash() throws(SyntaxError) {
        literal.append(UInt8(ascii: "\\"))
        offset += 1
        guard !isAtEnd else { throw fail("unexpected EOF in string") }
        if peek() == 0x0A {
            skipNewline()
            literal.append(0x0A)
        } else {
            literal.append(peek())
            offset += 1
        }
    }

    private mutating func scanEscape(bytes: Bool) throws(SyntaxError) {
        offset += 1
        guard !isAtEnd else { throw fail("unexpected EOF in string") }
        let letter = peek()
        if letter == 0x0A { return skipNewline() }
        if letter >= UInt8(ascii: "0") && letter <= UInt8(ascii: "7") { return try scanOctal(bytes: bytes) }
        offset += 1
        switch letter {
        case UInt8(ascii: "a"): literal.append(0x07)
        case UInt8(ascii: "b"): literal.append(0x08)
        case UInt8(ascii: "f"): literal.append(0x0C)
        case UInt8(ascii: "n"): literal.append(0x0A)
        case UInt8(ascii: "r"): literal.append(0x0D)
        case UInt8(ascii: "t"): literal.append(0x09)
        case UInt8(ascii: "v"): literal.append(0x0B)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): literal.append(letter)
        case UInt8(ascii: "x"):
            let (value, text) = try scanHex("x", digits: 2)
            if value > 127 && !bytes {
                throw fail(
                    "non-ASCII hex escape \(text) (use \(Self.unicode(value)) for the UTF-8 encoding of "
                        + "U+\(hex(value, width: 4, uppercase: true)))")
            }
            literal.append(UInt8(truncatingIfNeeded: value))
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let long = letter == UInt8(ascii: "U")
            let (value, text) = try scanHex(long ? "U" : "u", digits: long ? 8 : 4)
            guard value <= 0x10FFFF else { throw fail("code point out of range: \(text) (max \\U0010ffff)") }
            guard let scalar = Unicode.Scalar(value) else {
                throw fail("invalid Unicode code point U+\(hex(value, width: 4, uppercase: true))")
            }
            literal.append(contentsOf: Array(Character(scalar).utf8))
        default:
            throw fail("invalid escape sequence \\\(Character(Unicode.Scalar(letter)))")
        }
    }

    private mutating func scanOctal(bytes: Bool) throws(SyntaxError) {
        var value: UInt32 = 0
        var count = 0
        while count < 3, peek() >= UInt8(ascii: "0"), peek() <= UInt8(ascii: "7") {
            value = value * 8 + UInt32(peek() - UInt8(ascii: "0"))
            offset += 1
            count += 1
        }
        let text = String(value, radix: 8)
        guard value < 256 else { throw fail("invalid escape sequence \\\(text)") }
        if value > 127 && !bytes {
            throw fail(
                "non-ASCII octal escape \\\(text) (use \(Self.unicode(value)) for the UTF-8 encoding of "
                    + "U+\(hex(value, width: 4, uppercase: true)))")
        }
        literal.append(UInt8(value))
    }

    /// Reads exactly `digits` hexadecimal digits; also gives the escape as written.
    private mutating func scanHex(_ letter: String, digits: Int) throws(SyntaxError) -> (UInt32, String) {
        let start = offset
        var value: UInt32 = 0
        while offset - start < digits, let digit = Character(Unicode.Scalar(peek())).hexDigitValue {
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        let text = "\\" + letter + String(decoding: source[start..<offset], as: UTF8.self)
        guard offset - start == digits else {
            let ended = isAtEnd || peek() == 0x0A || peek() == UInt8(ascii: "\"") || peek() == UInt8(ascii: "'")
            if ended { throw fail("truncated escape sequence \(text)") }
            throw fail("invalid escape sequence \(text)\(Character(Unicode.Scalar(peek())))")
        }
        return (value, text)
    }

    private static func unicode(_ value: UInt32) -> String { "\\u" + hex(value, width: 4, uppercase: true) }
}

/// Hexadecimal digits of `value`, padded with zeros to `width`.
func hex(_ value: UInt32, width: Int, uppercase: Bool = false) -> String {
    let digits = String(value, radix: 16, uppercase: uppercase)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
