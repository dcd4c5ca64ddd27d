// SPDX-License-Identifier: Apache-2.0

internal import BigInt
internal import Glibc

extension Starlark {
    /// The module `math`. Not part of the dialect of Devloopfiles.
    package static func mathModule() -> StarlarkModule {
        var members: [String: Value] = ["e": .float(M_E), "pi": .float(Double.pi)]
        for builtin in MathModule.roundings + MathModule.unary + MathModule.binary + [MathModule.logarithm] {
            members[String(builtin.name.dropFirst("math.".count))] = .object(builtin)
        }
        return StarlarkModule("math", members)
    }
}

/// The functions of the module `math`.
private enum MathModule {
    /// Those that give an int.
    static var roundings: [Builtin] {
        [("ceil", FloatingPointRoundingRule.up), ("floor", .down)].map { name, rule in
            Builtin("math.\(name)") { _, arguments in
                let value = try arguments.unpackPositional("math.\(name)", min: 1, max: 1)[0] ?? .none
                if value.bigInt != nil { return value }
                let number = try float(value, "math.\(name)", 1)
                if number.isNaN { throw StarlarkError("cannot convert float NaN to integer") }
                guard number.isFinite else { throw StarlarkError("cannot convert float infinity to integer") }
                return Value(big: BigInt(number.rounded(rule)))
            }
        }
    }

    static var unary: [Builtin] {
        let functions: [(String, (Double) -> Double)] = [
            ("fabs", { $0.magnitude }), ("round", { $0.rounded(.toNearestOrAwayFromZero) }), ("exp", { exp($0) }),
            ("sqrt", { $0.squareRoot() }), ("acos", { acos($0) }), ("asin", { asin($0) }), ("atan", { atan($0) }),
            ("cos", { cos($0) }), ("sin", { sin($0) }), ("tan", { tan($0) }),
            ("degrees", { $0 * 180 / .pi }), ("radians", { $0 * .pi / 180 }), ("acosh", { acosh($0) }),
            ("asinh", { asinh($0) }), ("atanh", { atanh($0) }), ("cosh", { cosh($0) }), ("sinh", { sinh($0) }),
            ("tanh", { tanh($0) }), ("gamma", gamma),
        ]
        return functions.map { name, function in
            Builtin("math.\(name)") { _, arguments in
                let values = try arguments.unpackPositional("math.\(name)", min: 1, max: 1)
                return .float(function(try float(values[0], "math.\(name)", 1)))
            }
        }
    }

    static var binary: [Builtin] {
        let functions: [(String, (Double, Double) -> Double)] = [
            ("mod", { fmod($0, $1) }), ("pow", { pow($0, $1) }), ("copysign", copySign),
            ("remainder", { remainder($0, $1) }), ("atan2", { atan2($0, $1) }), ("hypot", { hypot($0, $1) }),
        ]
        return functions.map { name, function in
            Builtin("math.\(name)") { _, arguments in
                let values = try arguments.unpackPositional("math.\(name)", min: 2, max: 2)
                return .float(
                    function(try float(values[0], "math.\(name)", 1), try float(values[1], "math.\(name)", 2)))
            }
        }
    }

    /// The natural logarithm, or that of another base.
    static var logarithm: Builtin {
        Builtin("math.log") { _, arguments in
            let values = try arguments.unpack("math.log", "x", "base?")
            let number = try float(values[0], "math.log", 1)
            guard let given = values[1] else { return .float(log(number)) }
            let base = try float(given, "math.log", 2)
            if base == 1 { throw StarlarkError("math.log: division by zero") }
            return .float(log(number) / log(base))
        }
    }

    /// The sign of NaN, which has one in its bits, counts as plus.
    private static func copySign(_ magnitude: Double, _ sign: Double) -> Double {
        sign.isNaN ? magnitude.magnitude : copysign(magnitude, sign)
    }

    /// The gamma function, with NaN for negative infinity and negative whole numbers.
    private static func gamma(_ x: Double) -> Double {
        if x == -.infinity || (x < 0 && x == x.rounded(.down)) { return .nan }
        return tgamma(x)
    }

    private static func float(_ value: Value?, _ function: String, _ number: Int) throws -> Double {
        if case .float(let value)? = value { return value }
        if let whole = value?.bigInt { return try IntMath.double(whole) }
        let got = value?.typeName ?? "nothing"
        throw StarlarkError("\(function): for parameter \(number): got \(got), want float or int")
    }
}
