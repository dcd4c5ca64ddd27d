// SPDX-License-Identifier: Apache-2.0

/// The arguments of a call where they lie, without names. Valid during the call only.
struct Operands {
    private let base: UnsafePointer<Value>
    let count: Int

    init(_ base: UnsafePointer<Value>, count: Int) {
        self.base = base
        self.count = count
    }

    /// The argument at an index; nil where none was given.
    subscript(index: Int) -> Value? {
        @inline(__always) get { index < count ? base[index] : nil }
    }

    /// Calls `body` with the elements of an array as operands.
    static func with<Result>(_ values: [Value], _ body: (Operands) throws -> Result) rethrows -> Result {
        try values.withUnsafeBufferPointer { buffer in
            // An empty array may have no address, and then none is looked at.
            guard let base = buffer.baseAddress else { return try withoutValues(body) }
            return try body(Operands(base, count: buffer.count))
        }
    }

    private static func withoutValues<Result>(_ body: (Operands) throws -> Result) rethrows -> Result {
        try withUnsafePointer(to: Value.none) { try body(Operands($0, count: 0)) }
    }
}

/// A function without side calls, which takes its arguments from the operand stack.
struct DirectBody {
    /// The least and the most arguments.
    let counts: ClosedRange<Int>
    let body: @Sendable (StarlarkObject, Operands) throws -> Value
}

extension UnsafeMutablePointer<Value> {
    /// The object of the value, without a reference of its own: for looking at it while the value stays where it is.
    /// The payload of a case lies at the start of the enum, which `ValueTests` holds.
    @inline(__always)
    var borrowed: Unmanaged<StarlarkObject>? {
        guard case .object = pointee else { return nil }
        return UnsafeRawPointer(self).load(as: Unmanaged<StarlarkObject>.self)
    }
}
