// SPDX-License-Identifier: Apache-2.0

/// A lazy arithmetic sequence.
package final class StarlarkRange: StarlarkObject {
    let start: Int
    let stop: Int
    let step: Int
    let count: Int

    /// Makes the sequence from `start` by `step` until before `stop`; `step` must not be 0.
    init(start: Int, stop: Int, step: Int) {
        self.start = start
        self.stop = stop
        self.step = step
        count = Self.count(start: start, stop: stop, step: step)
        super.init(kind: .range)
    }

    private static func count(start: Int, stop: Int, step: Int) -> Int {
        guard step > 0 ? start < stop : start > stop else { return 0 }
        // The distance may exceed Int, not UInt.
        let distance = step > 0 ? UInt(bitPattern: stop &- start) : UInt(bitPattern: start &- stop)
        return Int(clamping: (distance - 1) / step.magnitude + 1)
    }

    package override var typeName: String { "range" }
    package override var truth: Bool { count > 0 }
    package override var length: Int? { count }

    override func write(to writer: inout ReprWriter) {
        if step != 1 {
            writer.write("range(\(start), \(stop), \(step))")
        } else if start != 0 {
            writer.write("range(\(start), \(stop))")
        } else {
            writer.write("range(\(stop))")
        }
    }

    override func hash(depth: Int) throws -> Int { throw StarlarkError("unhashable: range") }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        let other = unsafeDowncast(other, to: StarlarkRange.self)
        // Equal as sequences.
        if count != other.count { return false }
        return count == 0 || (start == other.start && (count == 1 || step == other.step))
    }

    override func element(at index: Int) -> Value? { .int(start &+ index &* step) }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        guard operation == .in, !isLeft else { return nil }
        let wanted: Int
        switch other {
        case .int(let value): wanted = value
        case .float(let value):
            guard let whole = Int(exactly: value) else { return .bool(false) }
            wanted = whole
        default:
            if other.bigObject != nil { return .bool(false) }
            throw StarlarkError("'in <range>' requires integer as left operand, not \(other.typeName)")
        }
        return .bool(contains(wanted))
    }

    private func contains(_ wanted: Int) -> Bool {
        guard count > 0, step > 0 ? wanted >= start && wanted < stop : wanted <= start && wanted > stop else {
            return false
        }
        let distance = step > 0 ? UInt(bitPattern: wanted &- start) : UInt(bitPattern: start &- wanted)
        return distance % step.magnitude == 0
    }

    override func makeIterator() -> StarlarkIterator? { RangeIterator(self) }
}

/// Iterates over a range.
final class RangeIterator: StarlarkIterator {
    private var value: Int
    private var remaining: Int
    private let step: Int

    init(_ range: StarlarkRange) {
        value = range.start
        remaining = range.count
        step = range.step
        super.init(kind: .rangeIterator)
    }

    override func next() -> Value? { nextInt().map { .int($0) } }

    @inline(__always)
    func nextInt() -> Int? {
        guard remaining > 0 else { return nil }
        remaining &-= 1
        defer { value = value &+ step }
        return value
    }
}
