// SPDX-License-Identifier: Apache-2.0

internal import BigInt

/// Text of floats.
enum FloatFormat {
    /// The shortest text that reads back as the same number and shows that it is a float: with an exponent outside
    /// 0.0001 to 999999, with a point otherwise.
    static func general(_ value: Double, uppercase: Bool = false) -> String {
        if let special = special(value) { return special }
        let (digits, exponent) = shortest(value.magnitude)
        let sign = value.sign == .minus ? "-" : ""
        let point = exponent + 1
        if exponent < -4 || exponent >= 6 {
            return sign + scientific(digits, exponent, uppercase: uppercase)
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if digits.count <= point {
            return sign + digits + String(repeating: "0", count: point - digits.count) + ".0"
        }
        let split = digits.index(digits.startIndex, offsetBy: point)
        return sign + digits[..<split] + "." + digits[split...]
    }

    /// Six digits after the point, as `%f`.
    static func fixed(_ value: Double) -> String {
        if let special = special(value) { return special }
        let scaled = scaledInteger(value.magnitude, decimals: 6)
        var digits = String(scaled)
        if digits.count < 7 { digits = String(repeating: "0", count: 7 - digits.count) + digits }
        let split = digits.index(digits.endIndex, offsetBy: -6)
        return (value.sign == .minus ? "-" : "") + digits[..<split] + "." + digits[split...]
    }

    /// One digit before the point, six after it and an exponent, as `%e`.
    static func exponential(_ value: Double, uppercase: Bool) -> String {
        if let special = special(value) { return special }
        let sign = value.sign == .minus ? "-" : ""
        guard value != 0 else { return sign + (uppercase ? "0.000000E+00" : "0.000000e+00") }
        var (_, exponent) = shortest(value.magnitude)
        var digits = String(scaledInteger(value.magnitude, decimals: 6 - exponent))
        if digits.count == 8 {
            // Rounding carried into a new digit.
            digits.removeLast()
            exponent += 1
        }
        return sign + scientific(digits, exponent, uppercase: uppercase, keepZeros: true)
    }

    private static func special(_ value: Double) -> String? {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "+inf" }
        return nil
    }

    /// The shortest significant digits, and the power of ten of the first one.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        guard value != 0 else { return ("0", 0) }
        let parts = value.description.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(mantissa[0])
        let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
        exponent += whole.count - 1
        var digits = Substring(whole + fraction)
        while digits.hasPrefix("0") && digits.count > 1 {
            digits = digits.dropFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0") && digits.count > 1 { digits = digits.dropLast() }
        return (String(digits), exponent)
    }

    private static func scientific(
        _ digits: String, _ exponent: Int, uppercase: Bool, keepZeros: Bool = false
    ) -> String {
        let rest = digits.dropFirst()
        let mantissa = String(digits.prefix(1)) + (rest.isEmpty ? "" : "." + rest)
        let power = String(abs(exponent))
        let padded = power.count < 2 ? "0" + power : power
        return mantissa + (uppercase ? "E" : "e") + (exponent < 0 ? "-" : "+") + padded
    }

    /// `value * 10^decimals`, rounded half to even, exactly.
    private static func scaledInteger(_ value: Double, decimals: Int) -> BigInt {
        var numerator = BigInt(value.significandBitPattern)
        let subnormal = value.exponentBitPattern == 0
        if !subnormal { numerator += BigInt(1) << 52 }
        let power = (subnormal ? 1 : Int(value.exponentBitPattern)) - 1_075
        var denominator = BigInt(1)
        if power >= 0 { numerator <<= power } else { denominator <<= -power }
        if decimals >= 0 {
            numerator *= BigInt(10).power(decimals)
        } else {
            denominator *= BigInt(10).power(-decimals)
        }
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        let twice = remainder * 2
        if twice > denominator || (twice == denominator && quotient.isOdd) { return quotient + 1 }
        return quotient
    }
}

extension BigInt {
    /// Whether the number is odd.
    var isOdd: Bool { magnitude.words.first.map { $0 & 1 == 1 } ?? false }
}
