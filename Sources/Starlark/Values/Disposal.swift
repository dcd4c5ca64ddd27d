// SPDX-License-Identifier: Apache-2.0

/// Releases deeply nested containers one by one. Left to itself, the release of a container releases what is in it from
/// within, and a list in a list in a list, 100,000 deep, would need more native stack than there is.
enum Disposal {
    /// Whether a value may be the last reference to another container.
    @inline(__always)
    static func concerns(_ value: Value) -> Bool {
        guard case .object(let object) = value else { return false }
        switch object.kind {
        case .list, .tuple, .dict: return true
        default: return false
        }
    }

    /// Releases values. A container that nothing else refers to is emptied first, into the same worklist. The array must
    /// be the only reference to its storage: a copy would keep the values alive.
    static func release(_ pending: inout [Value]) {
        while !pending.isEmpty {
            guard var object = object(of: pending.removeLast()) else { continue }
            if isKnownUniquelyReferenced(&object) { pending += object.takeChildren() }
        }
    }

    /// The object of a value, which is given up for it, so that the result can be the only reference.
    private static func object(of value: consuming Value) -> StarlarkObject? {
        guard case .object(let object) = value else { return nil }
        return object
    }
}
