// SPDX-License-Identifier: Apache-2.0

/// Values that were used not long ago: at least those whose weights add up to half of the limit, and never more than it
/// allows.
struct RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let half: Int
    private var young: [Key: (value: Value, weight: Int)] = [:]
    private var old: [Key: (value: Value, weight: Int)] = [:]
    private var weight = 0

    init(limit: Int) { half = limit / 2 }

    func has(_ key: Key) -> Bool { young[key] != nil || old[key] != nil }

    /// Asking for a value counts as using it.
    subscript(key: Key) -> Value? {
        mutating get {
            if let found = young[key] { return found.value }
            guard let found = old.removeValue(forKey: key) else { return nil }
            insert(found.value, for: key, weight: found.weight)
            return found.value
        }
    }

    mutating func insert(_ value: Value, for key: Key, weight added: Int) {
        if let before = young[key] { weight -= before.weight }
        if weight > 0, weight + added > half {
            old = young
            young = [:]
            weight = 0
        }
        young[key] = (value, added)
        old[key] = nil
        weight += added
    }
}
