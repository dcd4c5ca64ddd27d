// SPDX-License-Identifier: Apache-2.0

internal import BigInt

/// Integer operations that promote to big integers when 64 bits do not suffice.
enum IntMath {
    static func add(_ x: Int, _ y: Int) -> Value {
        let (sum, overflow) = x.addingReportingOverflow(y)
        return overflow ? Value(big: BigInt(x) + BigInt(y)) : .int(sum)
    }

    static func subtract(_ x: Int, _ y: Int) -> Value {
        let (difference, overflow) = x.subtractingReportingOverflow(y)
        return overflow ? Value(big: BigInt(x) - BigInt(y)) : .int(difference)
    }

    static func multiply(_ x: Int, _ y: Int) -> Value {
        let (product, overflow) = x.multipliedReportingOverflow(by: y)
        return overflow ? Value(big: BigInt(x) * BigInt(y)) : .int(product)
    }

    /// The quotient rounded towards negative infinity.
    static func floorDivide(_ x: Int, _ y: Int) throws -> Value {
        guard y != 0 else { throw StarlarkError("floored division by zero") }
        if x == Int.min && y == -1 { return Value(big: -BigInt(x)) }
        let (quotient, remainder) = x.quotientAndRemainder(dividingBy: y)
        return .int(remainder != 0 && (remainder < 0) != (y < 0) ? quotient - 1 : quotient)
    }

    /// The remainder with the sign of the divisor.
    static func modulo(_ x: Int, _ y: Int) throws -> Value {
        guard y != 0 else { throw StarlarkError("integer modulo by zero") }
        if y == -1 { return .int(0) }
        let remainder = x % y
        return .int(remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder)
    }

    /// The operations on integers of any size; nil for operators that integers do not have.
    static func binary(_ operation: BinaryOperator, _ x: BigInt, _ y: BigInt) throws -> Value? {
        switch operation {
        case .add: return Value(big: x + y)
        case .subtract: return Value(big: x - y)
        case .multiply: return Value(big: x * y)
        case .divide:
            guard !y.isZero else { throw StarlarkError("floating-point division by zero") }
            return .float(try double(x) / double(y))
        case .floorDivide:
            guard !y.isZero else { throw StarlarkError("floored division by zero") }
            let (quotient, remainder) = x.quotientAndRemainder(dividingBy: y)
            return Value(big: !remainder.isZero && (remainder < 0) != (y < 0) ? quotient - 1 : quotient)
        case .remainder:
            guard !y.isZero else { throw StarlarkError("integer modulo by zero") }
            let remainder = x % y
            return Value(big: !remainder.isZero && (remainder < 0) != (y < 0) ? remainder + y : remainder)
        case .and: return Value(big: x & y)
        case .or: return Value(big: x | y)
        case .xor: return Value(big: x ^ y)
        case .shiftLeft, .shiftRight:
            guard y >= 0 else { throw StarlarkError("negative shift count: \(y)") }
            if operation == .shiftRight {
                // A shift by more than the length leaves the sign only.
                guard let count = Int(exactly: y), count <= x.bitWidth else { return .int(x < 0 ? -1 : 0) }
                return Value(big: shiftRight(x, count))
            }
            guard y < 512 else { throw StarlarkError("shift count too large: \(y)") }
            return Value(big: x << Int(y))
        case .in: return nil
        }
    }

    /// The shift that rounds towards negative infinity, as two's complement does.
    private static func shiftRight(_ x: BigInt, _ count: Int) -> BigInt {
        if x >= 0 { return x >> count }
        return -((-x - 1) >> count) - 1
    }

    /// The number that digits stand for in a radix of 2 to 36; nil when there are none or one is out of place.
    static func parse(_ digits: some Sequence<UInt8>, radix: Int) -> BigInt? {
        var value: BigInt?
        // Digits are gathered in machine words: as many as surely fit.
        var chunk = 0
        var scale = 1
        func flush() {
            value = (value ?? 0) * BigInt(scale) + BigInt(chunk)
            (chunk, scale) = (0, 1)
        }
        for byte in digits {
            guard let digit = byte.digitValue(radix: radix) else { return nil }
            chunk = chunk * radix + digit
            scale *= radix
            if scale > 1 << 50 { flush() }
        }
        if scale > 1 { flush() }
        return value
    }

    /// The nearest double; throws when the number is beyond the range of doubles.
    static func double(_ x: BigInt) throws -> Double {
        // The topmost 64 bits round correctly once the lowest of them stands for all that are cut off.
        let magnitude = x.magnitude
        let shift = max(0, magnitude.bitWidth - 64)
        var top = UInt64(truncatingIfNeeded: magnitude >> shift)
        if shift > 0 && magnitude.trailingZeroBitCount < shift { top |= 1 }
        let rounded = Double(sign: .plus, exponent: shift, significand: Double(top))
        let value = x < 0 ? -rounded : rounded
        guard value.isFinite else { throw StarlarkError("int too large to convert to float") }
        return value
    }

    static func hash(_ value: BigInt) -> Int {
        var hash = value < 0 ? 1 : 2
        for word in value.magnitude.words { hash = ByteHash.combine(hash, Int(bitPattern: word)) }
        return hash
    }

    /// A hash that equal ints and floats share.
    static func hash(_ value: Double) -> Int {
        if let small = Int(exactly: value) { return ByteHash.hash(small) }
        if value.isFinite && value == value.rounded(.towardZero) { return hash(BigInt(value)) }
        return ByteHash.hash(Int(bitPattern: UInt(value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern)))
    }

    /// The exact order of an int and a float: negative, zero or positive. NaN is above all.
    static func order(_ x: Int, _ y: Double) -> Int {
        if y.isNaN || y >= 0x1p63 { return -1 }
        if y < -0x1p63 { return 1 }
        let whole = Int(y.rounded(.down))
        if x != whole { return x < whole ? -1 : 1 }
        return y > y.rounded(.down) ? -1 : 0
    }

    static func order(_ x: BigInt, _ y: Double) -> Int {
        if y.isNaN || y == .infinity { return -1 }
        if y == -.infinity { return 1 }
        let floor = BigInt(y.rounded(.down))
        if x != floor { return x < floor ? -1 : 1 }
        return y > y.rounded(.down) ? -1 : 0
    }

    /// The total order of floats: NaN equals NaN and is above all.
    static func order(_ x: Double, _ y: Double) -> Int {
        if x < y { return -1 }
        if x > y { return 1 }
        if x == y { return 0 }
        if x.isNaN { return y.isNaN ? 0 : 1 }
        return -1
    }
}

extension UInt8 {
    /// The value of an ASCII digit or letter below `radix`; nil for any other byte.
    func digitValue(radix: Int) -> Int? {
        let value: Int
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = Int(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = Int(self - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = Int(self - UInt8(ascii: "A")) + 10
        default: return nil
        }
        return value < radix ? value : nil
    }
}
