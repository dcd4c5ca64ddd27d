// SPDX-License-Identifier: Apache-2.0

internal import BigInt

/// Equality, order and hashes of values.
enum Comparison {
    /// How deep comparison descends. More is an error, which also ends the comparison of lists that contain themselves.
    static let maxDepth = 10
    /// How deep tuples may nest in a key.
    static let maxHashDepth = 200

    static func equal(_ x: Value, _ y: Value, depth: Int = maxDepth) throws -> Bool {
        guard depth > 0 else { throw tooDeep }
        switch (x, y) {
        case (.none, .none): return true
        case (.bool(let x), .bool(let y)): return x == y
        case (.int(let x), .int(let y)): return x == y
        case (.float(let x), .float(let y)): return IntMath.order(x, y) == 0
        case (.int(let x), .float(let y)), (.float(let y), .int(let x)): return IntMath.order(x, y) == 0
        case (.object(let x), .object(let y)):
            return x.kind == y.kind ? try x.isEqual(to: y, depth: depth) : false
        case (.object(let x), .float(let y)), (.float(let y), .object(let x)):
            return x.kind == .bigInt && IntMath.order(unsafeDowncast(x, to: StarlarkBigInt.self).value, y) == 0
        default: return false
        }
    }

    /// Any of the six comparisons. Ordering values of different types is an error, unless they are numbers.
    static func compare(_ operation: ComparisonOperator, _ x: Value, _ y: Value, depth: Int = maxDepth) throws -> Bool {
        if operation == .equal { return try equal(x, y, depth: depth) }
        if operation == .notEqual { return try !equal(x, y, depth: depth) }
        guard depth > 0 else { throw tooDeep }
        switch (x, y) {
        case (.int(let x), .int(let y)): return operation.holds(x < y ? -1 : x > y ? 1 : 0)
        case (.float(let x), .float(let y)): return operation.holds(IntMath.order(x, y))
        case (.int(let x), .float(let y)): return operation.holds(IntMath.order(x, y))
        case (.float(let x), .int(let y)): return operation.holds(-IntMath.order(y, x))
        case (.bool(let x), .bool(let y)): return operation.holds((x ? 1 : 0) - (y ? 1 : 0))
        case (.object(let left), .object(let right)) where left.kind == right.kind && left.kind != .bigInt:
            if let result = try left.compare(operation, to: right, depth: depth) { return result }
        default:
            if let order = orderOfBig(x, y) { return operation.holds(order) }
        }
        throw StarlarkError("\(x.typeName) \(operation.symbol) \(y.typeName) not implemented")
    }

    /// The order of two numbers of which one is a big integer; nil when they are no such pair.
    private static func orderOfBig(_ x: Value, _ y: Value) -> Int? {
        if let left = x.bigInt {
            if let right = y.bigInt { return left < right ? -1 : left > right ? 1 : 0 }
            if case .float(let right) = y { return IntMath.order(left, right) }
        } else if case .float(let left) = x, let right = y.bigInt {
            return -IntMath.order(right, left)
        }
        return nil
    }

    private static var tooDeep: StarlarkError {
        StarlarkError("comparison exceeded maximum recursion depth")
    }

    static func equal(_ x: [Value], _ y: [Value], depth: Int) throws -> Bool {
        guard x.count == y.count else { return false }
        for index in x.indices where try !equal(x[index], y[index], depth: depth - 1) { return false }
        return true
    }

    static func compare(_ operation: ComparisonOperator, _ x: [Value], _ y: [Value], depth: Int) throws -> Bool {
        for index in 0..<min(x.count, y.count) where try !equal(x[index], y[index], depth: depth - 1) {
            return try compare(operation, x[index], y[index], depth: depth - 1)
        }
        return operation.holds(x.count - y.count)
    }
}

extension Value {
    /// A hash that equal values share. Throws for types that can change.
    func hash(depth: Int = Comparison.maxHashDepth) throws -> Int {
        switch self {
        case .none: 0x4E6F_6E65
        case .bool(let value): value ? 0x7472_7565 : 0x6661_6C73
        case .int(let value): ByteHash.hash(value)
        case .float(let value): IntMath.hash(value)
        case .object(let object): try object.hash(depth: depth)
        }
    }

    /// Equality as `==` has it. Throws when the values nest too deeply.
    package func isEqual(to other: Value) throws -> Bool { try Comparison.equal(self, other) }
}
