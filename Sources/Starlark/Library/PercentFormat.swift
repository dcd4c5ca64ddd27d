// SPDX-License-Identifier: Apache-2.0

internal import BigInt

/// `format % arguments`.
enum PercentFormat {
    static func format(_ format: StarlarkString, _ arguments: Value) throws -> StarlarkString {
        var result: [UInt8] = []
        var rest = format.bytes[...]
        let tuple = arguments.tupleObject?.elements
        let count = tuple?.count ?? 1
        var index = 0
        while let place = rest.firstIndex(of: UInt8(ascii: "%")) {
            result += rest[..<place]
            rest = rest[(place + 1)...]
            if rest.first == UInt8(ascii: "%") {
                result.append(UInt8(ascii: "%"))
                rest = rest.dropFirst()
                continue
            }
            let value: Value
            if rest.first == UInt8(ascii: "(") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ")")) else {
                    throw StarlarkError("incomplete format key")
                }
                let key = StarlarkString(utf8: rest[rest.index(after: rest.startIndex)..<end])
                value = try lookup(key, in: arguments)
                rest = rest[(end + 1)...]
            } else {
                guard index < count else { throw StarlarkError("not enough arguments for format string") }
                value = tuple?[index] ?? arguments
            }
            guard let conversion = rest.first else { throw StarlarkError("incomplete format") }
            result += try convert(value, conversion)
            rest = rest.dropFirst()
            index += 1
        }
        if index < count && arguments.dictObject == nil {
            throw StarlarkError("too many arguments for format string")
        }
        return StarlarkString(bytes: result + rest)
    }

    private static func lookup(_ key: StarlarkString, in arguments: Value) throws -> Value {
        guard let dict = arguments.dictObject else { throw StarlarkError("format requires a mapping") }
        guard let value = try dict.get(.object(key)) else { throw StarlarkError("key not found: \(key.string)") }
        return value
    }

    private static func convert(_ value: Value, _ conversion: UInt8) throws -> [UInt8] {
        let letter = Character(Unicode.Scalar(conversion))
        switch letter {
        case "s": return value.strBytes()
        case "r": return value.reprBytes()
        case "d", "i": return Array(String(try integer(value, letter)).utf8)
        case "o": return Array(String(try integer(value, letter), radix: 8).utf8)
        case "x": return Array(String(try integer(value, letter), radix: 16).utf8)
        case "X": return Array(String(try integer(value, letter), radix: 16, uppercase: true).utf8)
        case "e", "E": return Array(FloatFormat.exponential(try float(value, letter), uppercase: letter == "E").utf8)
        case "f", "F": return Array(FloatFormat.fixed(try float(value, letter)).utf8)
        case "g", "G": return Array(FloatFormat.general(try float(value, letter), uppercase: letter == "G").utf8)
        case "c": return try character(value)
        default:
            throw StarlarkError("unknown conversion %\(letter)")
        }
    }

    private static func integer(_ value: Value, _ letter: Character) throws -> BigInt {
        do {
            return try Conversion.integer(value)
        } catch let error as StarlarkError {
            throw StarlarkError("%\(letter) format requires integer: \(error.message)")
        }
    }

    private static func float(_ value: Value, _ letter: Character) throws -> Double {
        if case .float(let double) = value { return double }
        if let integer = value.bigInt { return try IntMath.double(integer) }
        throw StarlarkError("%\(letter) format requires float, not \(value.typeName)")
    }

    private static func character(_ value: Value) throws -> [UInt8] {
        if let text = value.stringObject {
            guard !text.bytes.isEmpty, UTF8Text.decode(text.bytes, at: 0).width == text.bytes.count else {
                throw StarlarkError("%c format requires a single-character string")
            }
            return text.bytes
        }
        guard let number = value.bigInt else {
            throw StarlarkError("%c format requires int or single-character string, not \(value.typeName)")
        }
        guard let code = UInt32(exactly: number), code <= 0x10FFFF else {
            throw StarlarkError("%c format requires a valid Unicode code point, got \(number)")
        }
        return UTF8Text.encode(Unicode.Scalar(code) ?? UTF8Text.replacement)
    }
}
