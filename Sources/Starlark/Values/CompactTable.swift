// SPDX-License-Identifier: Apache-2.0

/// A hash table that keeps the order of insertion: entries in an array, found through an open-addressed index of their
/// places. Up to eight entries there is no index; the hashes are compared one after the other.
struct CompactTable {
    struct Entry {
        let hash: Int
        /// Nil for a removed entry.
        var key: Value?
        var value: Value
    }

    /// All entries, removed ones included.
    private(set) var entries: ContiguousArray<Entry> = []
    /// The number of entries that are not removed.
    private(set) var count = 0
    /// Places in `entries` by hash; -1 is free. Empty for a small table.
    private var index: [Int32] = []
    /// No entry before this place is alive, so that taking from the front stays cheap.
    private var front = 0

    private static let smallLimit = 8

    /// The place of the entry with this key; nil when there is none.
    func find(_ key: Value, hash: Int) throws -> Int? {
        try withUnsafePointer(to: key) { try find($0, hash: hash) }
    }

    /// The same for a key in memory. Keys are compared where they lie, for a reference count changed in passing would
    /// cost more than the rest of the look-up.
    private func find(_ key: UnsafePointer<Value>, hash: Int) throws -> Int? {
        try entries.withUnsafeBufferPointer { entries in
            if index.isEmpty {
                for place in entries.indices where entries[place].hash == hash {
                    if try Self.same(key, entries, place) { return place }
                }
                return nil
            }
            return try index.withUnsafeBufferPointer { index in
                let mask = index.count - 1
                var slot = hash & mask
                while true {
                    let place = Int(index[slot])
                    if place < 0 { return nil }
                    if entries[place].hash == hash, try Self.same(key, entries, place) { return place }
                    slot = (slot + 1) & mask
                }
            }
        }
    }

    private static func same(
        _ key: UnsafePointer<Value>, _ entries: UnsafeBufferPointer<Entry>, _ place: Int
    ) throws -> Bool {
        guard let base = entries.baseAddress else { return false }
        let address = UnsafeRawPointer(base + place) + keyOffset
        if address.load(as: UInt64.self) == UnsafeRawPointer(key).load(as: UInt64.self),
            address.load(fromByteOffset: 8, as: UInt8.self)
                == UnsafeRawPointer(key).load(fromByteOffset: 8, as: UInt8.self)
        {
            // The same bits are the same value, of whatever type.
            return true
        }
        guard let other = entries[place].key else { return false }
        return try same(key.pointee, other)
    }

    private static let keyOffset = MemoryLayout<Entry>.offset(of: \Entry.key) ?? 0

    /// Whether every key is in the other table too.
    func allKeysAreFound(in other: CompactTable) throws -> Bool {
        try entries.withUnsafeBufferPointer { entries in
            guard let base = entries.baseAddress else { return true }
            for place in entries.indices {
                if case nil = entries[place].key { continue }
                // A key that is there has the layout of a value.
                let key = (UnsafeRawPointer(base + place) + Self.keyOffset).assumingMemoryBound(to: Value.self)
                if try other.find(key, hash: entries[place].hash) == nil { return false }
            }
            return true
        }
    }

    /// Whether both tables have the same keys with equal values.
    func isEqual(to other: CompactTable, depth: Int) throws -> Bool {
        guard count == other.count else { return false }
        return try entries.withUnsafeBufferPointer { entries in
            guard let base = entries.baseAddress else { return true }
            return try other.entries.withUnsafeBufferPointer { others in
                for place in entries.indices {
                    if case nil = entries[place].key { continue }
                    let key = (UnsafeRawPointer(base + place) + Self.keyOffset).assumingMemoryBound(to: Value.self)
                    guard let match = try other.find(key, hash: entries[place].hash) else { return false }
                    if depth > 0, case .int(let x) = entries[place].value, case .int(let y) = others[match].value {
                        if x != y { return false }
                    } else if try !Comparison.equal(entries[place].value, others[match].value, depth: depth) {
                        return false
                    }
                }
                return true
            }
        }
    }

    private static func same(_ x: Value, _ y: Value) throws -> Bool {
        if case .object(let left) = x, case .object(let right) = y {
            if left === right { return true }
            if left.kind == .string && right.kind == .string {
                return unsafeDowncast(left, to: StarlarkString.self)
                    .isEqual(toString: unsafeDowncast(right, to: StarlarkString.self))
            }
        }
        return try Comparison.equal(x, y)
    }

    func get(_ key: Value) throws -> Value? {
        guard count > 0 else {
            // The key must be hashable even so.
            _ = try key.hash()
            return nil
        }
        return try find(key, hash: key.hash()).map { entries[$0].value }
    }

    /// Sets the value of a key; a new key goes to the end. Gives the place, and whether the key is new.
    @discardableResult
    mutating func set(_ key: Value, _ value: Value) throws -> Bool {
        let hash = try key.hash()
        if let place = try find(key, hash: hash) {
            entries[place].value = value
            return false
        }
        append(Entry(hash: hash, key: key, value: value))
        return true
    }

    private mutating func append(_ entry: Entry) {
        // The index stays at most half full, removed entries included.
        if entries.count >= (index.isEmpty ? Self.smallLimit : index.count / 2) { rebuild() }
        entries.append(entry)
        count += 1
        if !index.isEmpty { enter(entries.count - 1) }
    }

    private mutating func enter(_ place: Int) {
        let mask = index.count - 1
        var slot = entries[place].hash & mask
        while index[slot] >= 0 { slot = (slot + 1) & mask }
        index[slot] = Int32(place)
    }

    /// Drops removed entries and makes the index fit twice the live ones.
    private mutating func rebuild() {
        if count < entries.count { entries.removeAll { $0.key == nil } }
        front = 0
        guard count >= Self.smallLimit else {
            index = []
            return
        }
        var size = 32
        while size < count * 4 { size *= 2 }
        index = [Int32](repeating: -1, count: size)
        for place in entries.indices { enter(place) }
    }

    /// Removes a key and gives its value; nil when it is not there.
    mutating func remove(_ key: Value) throws -> Value? {
        guard let place = try find(key, hash: key.hash()) else { return nil }
        return remove(at: place)
    }

    private mutating func remove(at place: Int) -> Value {
        let value = entries[place].value
        entries[place].key = nil
        entries[place].value = .none
        count -= 1
        if count == 0 { removeAll() }
        return value
    }

    /// Removes the oldest entry; nil when the table is empty.
    mutating func removeFirst() -> (key: Value, value: Value)? {
        while front < entries.count {
            if let key = entries[front].key { return (key, remove(at: front)) }
            front += 1
        }
        return nil
    }

    mutating func removeAll() {
        entries.removeAll()
        index = []
        count = 0
        front = 0
    }

    /// The live entries in order.
    var live: [(key: Value, value: Value)] {
        var result: [(key: Value, value: Value)] = []
        result.reserveCapacity(count)
        for entry in entries { if let key = entry.key { result.append((key, entry.value)) } }
        return result
    }

    /// The keys in order.
    var keys: [Value] {
        var result: [Value] = []
        result.reserveCapacity(count)
        for entry in entries { if let key = entry.key { result.append(key) } }
        return result
    }
}
