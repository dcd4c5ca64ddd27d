// SPDX-License-Identifier: Apache-2.0

internal import BigInt

/// Conversions that several builtins share.
enum Conversion {
    /// The integer that a number stands for; a float is cut off after the point.
    static func integer(_ value: Value) throws -> BigInt {
        if let integer = value.bigInt { return integer }
        guard case .float(let double) = value else {
            throw StarlarkError("cannot convert \(value.typeName) to int")
        }
        if double.isNaN { throw StarlarkError("cannot convert float NaN to integer") }
        if double.isInfinite { throw StarlarkError("cannot convert float infinity to integer") }
        return BigInt(double.rounded(.towardZero))
    }
}
