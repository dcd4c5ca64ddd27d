// SPDX-License-Identifier: Apache-2.0

/// A tuple.
package final class StarlarkTuple: StarlarkObject {
    /// The elements; they change only when the tuple is being released.
    package private(set) var elements: [Value]

    /// Makes a tuple of these elements.
    package init(_ elements: [Value]) {
        self.elements = elements
        super.init(kind: .tuple)
    }

    deinit {
        guard elements.contains(where: Disposal.concerns) else { return }
        var pending = takeChildren()
        Disposal.release(&pending)
    }

    override func takeChildren() -> [Value] {
        defer { elements = [] }
        return elements
    }

    package override var typeName: String { "tuple" }
    package override var truth: Bool { !elements.isEmpty }
    package override var length: Int? { elements.count }

    override func visitChildren(_ visit: (Value) -> Void) { elements.forEach(visit) }

    override func write(to writer: inout ReprWriter) {
        let close = elements.count == 1 ? ",)" : ")"
        writer.write(container: self, open: "(", close: close) { $0.write(elements: elements) }
    }

    override func hash(depth: Int) throws -> Int {
        guard depth > 0 else { throw StarlarkError("hash of too deeply nested tuple") }
        var hash = elements.count
        for element in elements { hash = ByteHash.combine(hash, try element.hash(depth: depth - 1)) }
        return hash
    }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        try Comparison.equal(elements, unsafeDowncast(other, to: StarlarkTuple.self).elements, depth: depth)
    }

    override func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? {
        try Comparison.compare(
            operation, elements, unsafeDowncast(other, to: StarlarkTuple.self).elements, depth: depth)
    }

    override func element(at index: Int) -> Value? { elements[index] }
    override func makeIterator() -> StarlarkIterator? { IndexIterator(self, count: elements.count) }
}
