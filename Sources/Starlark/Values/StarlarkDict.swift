// SPDX-License-Identifier: Apache-2.0

/// A dict: a hash table in the order of insertion.
package final class StarlarkDict: MutableContainer {
    private(set) var table = CompactTable()

    /// Makes an empty dict.
    package init() {
        super.init(kind: .dict)
    }

    init(table: CompactTable) {
        self.table = table
        super.init(kind: .dict)
    }

    deinit {
        let isNested = table.entries.contains { entry in
            Disposal.concerns(entry.value) || (entry.key.map { Disposal.concerns($0) } ?? false)
        }
        guard isNested else { return }
        var pending = takeChildren()
        Disposal.release(&pending)
    }

    override func takeChildren() -> [Value] {
        defer { table = CompactTable() }
        return table.live.flatMap { [$0.key, $0.value] }
    }

    /// The entries in the order of insertion.
    package var entries: [(key: Value, value: Value)] { table.live }

    /// The value of a key; nil when it is absent. Throws for a key that cannot be hashed.
    package func get(_ key: Value) throws -> Value? { try table.get(key) }

    /// The value of a string key; nil when it is absent.
    package func get(_ key: String) -> Value? { try? table.get(.string(key)) }

    /// Sets the value of a key; an existing key keeps its place. Throws when the dict is frozen or being iterated over,
    /// and for a key that cannot be hashed.
    package func set(_ key: Value, _ value: Value) throws {
        try checkMutable("insert into")
        try table.set(key, value)
    }

    /// Adds an entry of a dict display; throws when the key is there already.
    func insertUnique(_ key: Value, _ value: Value) throws {
        if try !table.set(key, value) { throw StarlarkError("duplicate key: \(key.repr())") }
    }

    /// Removes a key and gives its value; nil when it is absent.
    package func remove(_ key: Value) throws -> Value? {
        try checkMutable("delete from")
        return try table.remove(key)
    }

    /// Removes the oldest entry; nil when the dict is empty.
    func removeFirst() throws -> (key: Value, value: Value)? {
        try checkMutable("delete from")
        return table.removeFirst()
    }

    func removeAll() throws {
        try checkMutable("clear")
        table.removeAll()
    }

    override var noun: String { "hash table" }
    package override var typeName: String { "dict" }
    package override var truth: Bool { table.count > 0 }
    package override var length: Int? { table.count }

    override func visitChildren(_ visit: (Value) -> Void) {
        for (key, value) in table.live {
            visit(key)
            visit(value)
        }
    }

    override func write(to writer: inout ReprWriter) {
        writer.write(container: self, open: "{", close: "}") { writer in
            for (index, entry) in table.live.enumerated() {
                if index > 0 { writer.write(", ") }
                writer.write(entry.key)
                writer.write(": ")
                writer.write(entry.value)
            }
        }
    }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        let other = unsafeDowncast(other, to: StarlarkDict.self)
        return try table.isEqual(to: other.table, depth: depth - 1)
    }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        switch operation {
        case .in where !isLeft:
            // An unhashable value is in no dict.
            return .bool(((try? table.get(other)) ?? nil) != nil)
        case .or where isLeft:
            guard let right = other.dictObject else { return nil }
            let union = StarlarkDict(table: table)
            try union.merge(right)
            return .object(union)
        default: return nil
        }
    }

    /// Takes over all entries of another dict.
    func merge(_ other: StarlarkDict) throws {
        for (key, value) in other.entries { try set(key, value) }
    }

    override func makeIterator() -> StarlarkIterator? { DictIterator(self) }
}

/// Iterates over the keys of a dict, which must not change meanwhile.
final class DictIterator: StarlarkIterator {
    private let dict: StarlarkDict
    private var position = 0

    init(_ dict: StarlarkDict) {
        self.dict = dict
        dict.iterators += 1
        super.init()
    }

    deinit {
        dict.iterators -= 1
    }

    override func next() -> Value? {
        while position < dict.table.entries.count {
            position += 1
            if let key = dict.table.entries[position - 1].key { return key }
        }
        return nil
    }
}
