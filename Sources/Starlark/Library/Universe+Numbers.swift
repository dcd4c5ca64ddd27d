// SPDX-License-Identifier: Apache-2.0

internal import BigInt

extension Universe {
    /// Builtins that deal with numbers and characters.
    static var numbers: [Builtin] {
        [
            Builtin("abs") { _, arguments in
                let value = try one(arguments, "abs", "x")
                switch value {
                case .int(let number): return number < 0 ? IntMath.subtract(0, number) : value
                case .float(let number): return .float(number.magnitude)
                default:
                    if let big = value.bigInt { return Value(big: BigInt(big.magnitude)) }
                    throw StarlarkError("abs: got \(value.typeName), want int or float")
                }
            },
            Builtin("chr") { _, arguments in
                let value = try arguments.unpackPositional("chr", min: 1, max: 1)[0] ?? .none
                guard let code = value.bigInt else { throw StarlarkError("chr: got \(value.typeName), want int") }
                if code < 0 { throw StarlarkError("chr: Unicode code point \(code) out of range (<0)") }
                guard code <= 0x10FFFF, let small = UInt32(exactly: code) else {
                    let digits = String(code, radix: 16, uppercase: true)
                    throw StarlarkError("chr: Unicode code point U+\(digits) out of range (>0x10FFFF)")
                }
                return StringMethods.text(UTF8Text.encode(Unicode.Scalar(small) ?? UTF8Text.replacement))
            },
            Builtin("ord") { _, arguments in
                let value = try arguments.unpackPositional("ord", min: 1, max: 1)[0] ?? .none
                if let bytes = value.bytesObject?.bytes {
                    guard bytes.count == 1 else {
                        throw StarlarkError("ord: bytes has length \(bytes.count), want 1")
                    }
                    return .int(Int(bytes[0]))
                }
                guard let text = value.stringObject?.bytes else {
                    throw StarlarkError("ord: got \(value.typeName), want string or bytes")
                }
                let scalars = UTF8Text.scalars(text)
                guard scalars.count == 1 else {
                    throw StarlarkError("ord: string encodes \(scalars.count) Unicode code points, want 1")
                }
                return .int(Int(scalars[0].scalar.value))
            },
            Builtin("float") { _, arguments in
                guard !arguments.positional.isEmpty || !arguments.keywords.isEmpty else { return .float(0) }
                return .float(try float(try arguments.unpackPositional("float", min: 1, max: 1)[0] ?? .none))
            },
            Builtin("hash") { _, arguments in
                let value = try one(arguments, "hash", "x")
                if let text = value.stringObject { return .int(javaHash(text.bytes)) }
                if let bytes = value.bytesObject { return .int(fnvHash(bytes.bytes)) }
                throw StarlarkError("hash: got \(value.typeName), want string or bytes")
            },
            Builtin("int", int),
        ]
    }

    private static func float(_ value: Value) throws -> Double {
        switch value {
        case .bool(let flag): return flag ? 1 : 0
        case .float(let number): return number
        default: break
        }
        if let integer = value.bigInt { return try IntMath.double(integer) }
        guard let text = value.stringObject?.string else {
            throw StarlarkError("float: got \(value.typeName), want number or string")
        }
        let lower = text.lowercased()
        let unsigned = lower.hasPrefix("+") || lower.hasPrefix("-") ? String(lower.dropFirst()) : lower
        let sign: Double = lower.hasPrefix("-") ? -1 : 1
        switch unsigned {
        case "inf", "infinity": return sign * .infinity
        case "nan": return .nan
        default: break
        }
        guard isFloatLiteral(unsigned), let number = Double(unsigned.hasSuffix(".") ? unsigned + "0" : unsigned) else {
            throw StarlarkError("float: invalid float literal: \(text)")
        }
        guard number.isFinite else { throw StarlarkError("float: floating-point number too large") }
        return sign * number
    }

    /// Digits with at most one point, and an optional decimal exponent.
    private static func isFloatLiteral(_ text: String) -> Bool {
        let parts = text.split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0].utf8.filter { isDigitByte($0) }.count
        let points = parts[0].utf8.filter { $0 == UInt8(ascii: ".") }.count
        guard digits > 0, points <= 1, digits + points == parts[0].utf8.count else { return false }
        guard parts.count == 2 else { return true }
        let exponent = parts[1].first == "+" || parts[1].first == "-" ? parts[1].dropFirst() : parts[1]
        return !exponent.isEmpty && exponent.utf8.allSatisfy { isDigitByte($0) }
    }

    private static func isDigitByte(_ byte: UInt8) -> Bool { isDigit(byte) }

    @Sendable
    private static func int(_ thread: Thread, _ arguments: Arguments) throws -> Value {
        let values = try arguments.unpack("int", "x", "base?")
        let value = values[0] ?? .none
        guard let text = value.stringObject else {
            if values[1] != nil { throw StarlarkError("int: can't convert non-string with explicit base") }
            if case .bool(let flag) = value { return .int(flag ? 1 : 0) }
            do {
                return Value(big: try Conversion.integer(value))
            } catch let error as StarlarkError {
                throw StarlarkError("int: \(error.message)")
            }
        }
        var base = 10
        if let given = values[1] {
            base = try given.int("int", "base")
            guard base == 0 || (base >= 2 && base <= 36) else {
                throw StarlarkError("int: base must be an integer >= 2 && <= 36, or 0; got \(base)")
            }
        }
        guard let number = parse(text.bytes, base: base) else {
            throw StarlarkError("int: invalid literal with base \(base): \(text.string)")
        }
        return Value(big: number)
    }

    /// An integer literal with an optional sign and, where the base allows, a prefix.
    private static func parse(_ text: [UInt8], base: Int) -> BigInt? {
        var digits = text[...]
        let negative = digits.first == UInt8(ascii: "-")
        if negative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        var radix = base
        if digits.count > 1, digits.first == UInt8(ascii: "0") {
            let prefixed: Int? =
                switch digits[digits.startIndex + 1] {
                case UInt8(ascii: "x"), UInt8(ascii: "X"): 16
                case UInt8(ascii: "o"), UInt8(ascii: "O"): 8
                case UInt8(ascii: "b"), UInt8(ascii: "B"): 2
                default: nil
                }
            if let prefixed, base == prefixed || base == 0 {
                radix = prefixed
                digits = digits.dropFirst(2)
            } else if base == 0 {
                // As in source text, a decimal number does not begin with a zero.
                guard digits.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
            }
        }
        if radix == 0 { radix = 10 }
        guard let magnitude = IntMath.parse(digits, radix: radix) else { return nil }
        return negative ? -magnitude : magnitude
    }

    /// The hash that Java gives: over UTF-16 units, modulo 2^32.
    private static func javaHash(_ bytes: [UInt8]) -> Int {
        var hash: Int32 = 0
        for (scalar, _, _) in UTF8Text.scalars(bytes) {
            for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                hash = hash &* 31 &+ Int32(unit)
            }
        }
        return Int(hash)
    }

    /// The 32-bit FNV-1a hash.
    private static func fnvHash(_ bytes: [UInt8]) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int(hash)
    }
}
