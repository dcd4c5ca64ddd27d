// SPDX-License-Identifier: Apache-2.0

internal import BigInt

/// The operations of the language on values.
enum Operation {
    /// The most memory, in bytes, that a repetition may ask for.
    private static let maxRepetition = 1 << 30

    static func binary(_ operation: BinaryOperator, _ x: Value, _ y: Value) throws -> Value {
        switch (x, y) {
        case (.int(let left), .int(let right)):
            if let result = try integers(operation, left, right) { return result }
        case (.float(let left), .float(let right)):
            if let result = try floats(operation, left, right) { return result }
        case (.float(let left), .int(let right)):
            if let result = try floats(operation, left, Double(right)) { return result }
        case (.int(let left), .float(let right)):
            if let result = try floats(operation, Double(left), right) { return result }
        default:
            if let result = try objects(operation, x, y) { return result }
        }
        throw unknown(operation, x, y)
    }

    private static func unknown(_ operation: BinaryOperator, _ x: Value, _ y: Value) -> StarlarkError {
        StarlarkError("unknown binary op: \(x.typeName) \(operation.symbol) \(y.typeName)")
    }

    private static func integers(_ operation: BinaryOperator, _ x: Int, _ y: Int) throws -> Value? {
        switch operation {
        case .add: IntMath.add(x, y)
        case .subtract: IntMath.subtract(x, y)
        case .multiply: IntMath.multiply(x, y)
        case .divide:
            if y == 0 { throw StarlarkError("floating-point division by zero") } else { .float(Double(x) / Double(y)) }
        case .floorDivide: try IntMath.floorDivide(x, y)
        case .remainder: try IntMath.modulo(x, y)
        case .and: .int(x & y)
        case .or: .int(x | y)
        case .xor: .int(x ^ y)
        case .shiftLeft, .shiftRight: try IntMath.binary(operation, BigInt(x), BigInt(y))
        case .in: nil
        }
    }

    private static func floats(_ operation: BinaryOperator, _ x: Double, _ y: Double) throws -> Value? {
        switch operation {
        case .add: return .float(x + y)
        case .subtract: return .float(x - y)
        case .multiply: return .float(x * y)
        case .divide:
            guard y != 0 else { throw StarlarkError("floating-point division by zero") }
            return .float(x / y)
        case .floorDivide:
            guard y != 0 else { throw StarlarkError("floored division by zero") }
            return .float((x / y).rounded(.down))
        case .remainder:
            guard y != 0 else { throw StarlarkError("floating-point modulo by zero") }
            let remainder = x.truncatingRemainder(dividingBy: y)
            return .float(remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder)
        case .and, .or, .xor, .shiftLeft, .shiftRight, .in: return nil
        }
    }

    private static func objects(_ operation: BinaryOperator, _ x: Value, _ y: Value) throws -> Value? {
        if let left = x.bigInt, let right = y.bigInt { return try IntMath.binary(operation, left, right) }
        if let left = x.bigObject, case .float(let right) = y {
            return try floats(operation, IntMath.double(left.value), right)
        }
        if case .float(let left) = x, let right = y.bigObject {
            return try floats(operation, left, IntMath.double(right.value))
        }
        switch operation {
        case .add:
            if let left = x.stringObject, let right = y.stringObject {
                return .object(StarlarkString(bytes: left.bytes + right.bytes))
            }
            if let left = x.listObject, let right = y.listObject { return .list(left.elements + right.elements) }
            if let left = x.tupleObject, let right = y.tupleObject { return .tuple(left.elements + right.elements) }
            if let left = x.bytesObject, let right = y.bytesObject {
                return .object(StarlarkBytes(left.bytes + right.bytes))
            }
        case .multiply:
            if y.bigInt != nil, let result = try repeated(x, y) { return result }
            if x.bigInt != nil, let result = try repeated(y, x) { return result }
        case .remainder:
            if let format = x.stringObject { return .object(try PercentFormat.format(format, y)) }
        case .in:
            if let result = try contains(y, x) { return result }
        default: break
        }
        if case .object(let left) = x, let result = try left.binary(operation, with: y, isLeft: true) { return result }
        if case .object(let right) = y, let result = try right.binary(operation, with: x, isLeft: false) {
            return result
        }
        return nil
    }

    /// Membership in the types that need no method of their own; nil for others.
    private static func contains(_ container: Value, _ x: Value) throws -> Value? {
        guard case .object(let object) = container else { return nil }
        switch object.kind {
        case .list, .tuple:
            let elements = try container.iterate()
            for element in elements where try Comparison.equal(element, x) { return .bool(true) }
            return .bool(false)
        case .string:
            guard let part = x.stringObject else {
                throw StarlarkError("'in <string>' requires string as left operand, not \(x.typeName)")
            }
            let text = unsafeDowncast(object, to: StarlarkString.self)
            return .bool(ByteSearch.first(of: part.bytes, in: text.bytes[...]) != nil)
        case .bytes:
            let bytes = unsafeDowncast(object, to: StarlarkBytes.self).bytes
            if let part = x.bytesObject { return .bool(ByteSearch.first(of: part.bytes, in: bytes[...]) != nil) }
            guard let number = x.bigInt else {
                throw StarlarkError("'in bytes' requires bytes or int as left operand, not \(x.typeName)")
            }
            guard let byte = UInt8(exactly: number) else {
                throw StarlarkError("int in bytes: \(number) out of range")
            }
            return .bool(bytes.contains(byte))
        default: return nil
        }
    }

    /// A sequence repeated by an int; nil when it is no sequence that can be repeated.
    private static func repeated(_ sequence: Value, _ times: Value) throws -> Value? {
        guard case .object(let object) = sequence else { return nil }
        switch object.kind {
        case .string:
            let bytes = unsafeDowncast(object, to: StarlarkString.self).bytes
            return .object(StarlarkString(bytes: try repeated(bytes, times)))
        case .bytes:
            let bytes = unsafeDowncast(object, to: StarlarkBytes.self).bytes
            return .object(StarlarkBytes(try repeated(bytes, times)))
        case .list: return .list(try repeated(unsafeDowncast(object, to: StarlarkList.self).elements, times))
        case .tuple: return .tuple(try repeated(unsafeDowncast(object, to: StarlarkTuple.self).elements, times))
        default: return nil
        }
    }

    private static func repeated<T>(_ elements: [T], _ times: Value) throws -> [T] {
        guard case .int(let count) = times, count <= Int(Int32.max) else {
            // A negative count of any size gives nothing.
            if let big = times.bigInt, big < 0 { return [] }
            throw StarlarkError("repeat count \(times.repr()) too large")
        }
        guard count > 0, !elements.isEmpty else { return [] }
        let (total, overflow) = elements.count.multipliedReportingOverflow(by: count)
        guard !overflow, total < maxRepetition / MemoryLayout<T>.stride else {
            throw StarlarkError("excessive repeat (\(elements.count) * \(count) elements)")
        }
        var result: [T] = []
        result.reserveCapacity(total)
        for _ in 0..<count { result.append(contentsOf: elements) }
        return result
    }

    static func unary(_ operation: UnaryOperator, _ x: Value) throws -> Value {
        switch (operation, x) {
        case (.not, _): return .bool(!x.truth)
        case (.negate, .int(let value)): return IntMath.subtract(0, value)
        case (.negate, .float(let value)): return .float(-value)
        case (.plus, .int), (.plus, .float): return x
        case (.invert, .int(let value)): return .int(~value)
        case (_, .object):
            guard let big = x.bigInt else { break }
            if operation == .negate { return Value(big: -big) }
            return operation == .plus ? x : Value(big: -big - 1)
        default: break
        }
        throw StarlarkError("unknown unary op: \(operation.symbol)\(x.typeName)")
    }

    static func inPlaceAdd(_ x: Value, _ y: Value) throws -> Value {
        if let list = x.listObject {
            if let other = y.listObject {
                try list.checkMutable("apply += to")
                list.elements.append(contentsOf: other.elements)
                return x
            }
            if let iterator = y.makeIterator() {
                try list.checkMutable("apply += to")
                while let element = iterator.next() { list.elements.append(element) }
                return x
            }
        }
        return try binary(.add, x, y)
    }

    static func inPlaceOr(_ x: Value, _ y: Value) throws -> Value {
        if let dict = x.dictObject, let other = y.dictObject {
            try dict.checkMutable("apply |= to")
            try dict.merge(other)
            return x
        }
        if let set = x.setObject, let other = y.setObject {
            try set.checkMutable("apply |= to")
            for element in other.elements { try set.insert(element) }
            return x
        }
        return try binary(.or, x, y)
    }
}
