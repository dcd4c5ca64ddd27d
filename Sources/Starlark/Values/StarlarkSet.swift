// SPDX-License-Identifier: Apache-2.0

/// A set in the order of insertion.
package final class StarlarkSet: MutableContainer {
    private(set) var table = CompactTable()

    /// Makes a set of these elements; throws for one that cannot be hashed.
    package init(_ elements: [Value] = []) throws {
        for element in elements { try table.set(element, .none) }
        super.init(kind: .set)
    }

    init(table: CompactTable) {
        self.table = table
        super.init(kind: .set)
    }

    /// The elements in the order of insertion.
    package var elements: [Value] { table.keys }

    /// Whether the element is in the set.
    package func contains(_ element: Value) throws -> Bool { try table.get(element) != nil }

    /// Adds an element. Throws when the set is frozen or being iterated over, and for an unhashable element.
    package func insert(_ element: Value) throws {
        try checkMutable("insert into")
        try table.set(element, .none)
    }

    /// Removes an element; false when it is absent.
    func remove(_ element: Value) throws -> Bool {
        try checkMutable("delete from")
        return try table.remove(element) != nil
    }

    func removeFirst() throws -> Value? {
        try checkMutable("delete from")
        return table.removeFirst()?.key
    }

    func removeAll() throws {
        try checkMutable("clear")
        table.removeAll()
    }

    override var noun: String { "hash table" }
    package override var typeName: String { "set" }
    package override var truth: Bool { table.count > 0 }
    package override var length: Int? { table.count }

    override func visitChildren(_ visit: (Value) -> Void) { table.keys.forEach(visit) }

    override func write(to writer: inout ReprWriter) {
        writer.write(container: self, open: "set([", close: "])") { $0.write(elements: table.keys) }
    }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        let other = unsafeDowncast(other, to: StarlarkSet.self)
        return try table.count == other.table.count && isSubset(of: other)
    }

    func isSubset(of other: StarlarkSet) throws -> Bool {
        guard table.count <= other.table.count else { return false }
        return try table.allKeysAreFound(in: other.table)
    }

    /// Whether the iterator delivers all elements. No set is made of it: found elements are marked in their places.
    func isSubset(of iterator: StarlarkIterator) throws -> Bool {
        var missing = table.count
        var found = [Bool](repeating: false, count: table.entries.count)
        while missing > 0, let element = iterator.next() {
            if let place = try table.find(element, hash: element.hash()), !found[place] {
                found[place] = true
                missing -= 1
            }
        }
        return missing == 0
    }

    override func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? {
        let other = unsafeDowncast(other, to: StarlarkSet.self)
        switch operation {
        case .lessOrEqual: return try isSubset(of: other)
        case .less: return try table.count < other.table.count && isSubset(of: other)
        case .greaterOrEqual: return try other.isSubset(of: self)
        case .greater: return try table.count > other.table.count && other.isSubset(of: self)
        case .equal, .notEqual: return nil
        }
    }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        if operation == .in { return isLeft ? nil : .bool(((try? table.get(other)) ?? nil) != nil) }
        guard isLeft, let right = other.setObject else { return nil }
        switch operation {
        case .or: return .object(try union(right.elements))
        case .and: return .object(try intersection(right.elements))
        case .subtract: return .object(try difference(right.elements))
        case .xor: return .object(try symmetricDifference(right.elements))
        default: return nil
        }
    }

    func union(_ others: [Value]) throws -> StarlarkSet {
        var result = table
        for element in others { try result.set(element, .none) }
        return StarlarkSet(table: result)
    }

    func intersection(_ others: [Value]) throws -> StarlarkSet {
        let other = try StarlarkSet(others)
        var result = CompactTable()
        for element in elements where try other.contains(element) { try result.set(element, .none) }
        return StarlarkSet(table: result)
    }

    func difference(_ others: [Value]) throws -> StarlarkSet {
        let other = try StarlarkSet(others)
        var result = CompactTable()
        for element in elements where try !other.contains(element) { try result.set(element, .none) }
        return StarlarkSet(table: result)
    }

    func symmetricDifference(_ others: [Value]) throws -> StarlarkSet {
        let other = try StarlarkSet(others)
        var result = try difference(others).table
        for element in other.elements where try !contains(element) { try result.set(element, .none) }
        return StarlarkSet(table: result)
    }

    override func makeIterator() -> StarlarkIterator? { SetIterator(self) }
}

/// Iterates over a set, which must not change meanwhile.
final class SetIterator: StarlarkIterator {
    private let set: StarlarkSet
    private var position = 0

    init(_ set: StarlarkSet) {
        self.set = set
        set.iterators += 1
        super.init()
    }

    deinit {
        set.iterators -= 1
    }

    override func next() -> Value? {
        while position < set.table.entries.count {
            position += 1
            if let key = set.table.entries[position - 1].key { return key }
        }
        return nil
    }
}
