// SPDX-License-Identifier: Apache-2.0

/// A list.
package final class StarlarkList: MutableContainer {
    /// The elements.
    package internal(set) var elements: [Value]

    /// Makes a list of these elements.
    package init(_ elements: [Value]) {
        self.elements = elements
        super.init(kind: .list)
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

    /// Adds an element at the end. Throws when the list is frozen or being iterated over.
    package func append(_ value: Value) throws {
        try checkMutable("append to")
        elements.append(value)
    }

    package override var typeName: String { "list" }
    package override var truth: Bool { !elements.isEmpty }
    package override var length: Int? { elements.count }

    override func visitChildren(_ visit: (Value) -> Void) { elements.forEach(visit) }

    override func write(to writer: inout ReprWriter) {
        writer.write(container: self, open: "[", close: "]") { $0.write(elements: elements) }
    }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        try Comparison.equal(elements, unsafeDowncast(other, to: StarlarkList.self).elements, depth: depth)
    }

    override func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? {
        try Comparison.compare(operation, elements, unsafeDowncast(other, to: StarlarkList.self).elements, depth: depth)
    }

    override func element(at index: Int) -> Value? { elements[index] }
    override func makeIterator() -> StarlarkIterator? { ListIterator(self) }
}

/// Iterates over a list, which must not change meanwhile.
final class ListIterator: StarlarkIterator {
    let list: StarlarkList
    var position = 0

    init(_ list: StarlarkList) {
        self.list = list
        list.iterators += 1
        super.init()
    }

    deinit {
        list.iterators -= 1
    }

    override func next() -> Value? {
        guard position < list.elements.count else { return nil }
        position += 1
        return list.elements[position - 1]
    }
}
