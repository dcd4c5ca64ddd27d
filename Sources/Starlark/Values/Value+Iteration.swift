// SPDX-License-Identifier: Apache-2.0

extension Value {
    /// All elements of an iterable: of a list, tuple, set or range, or the keys of a dict.
    /// Throws `got TYPE, want iterable` for anything else; strings are not iterable.
    package func iterate() throws -> [Value] {
        if case .object(let object) = self {
            if object.kind == .list { return unsafeDowncast(object, to: StarlarkList.self).elements }
            if object.kind == .tuple { return unsafeDowncast(object, to: StarlarkTuple.self).elements }
            if let iterator = object.makeIterator() {
                var elements: [Value] = []
                elements.reserveCapacity(object.length ?? 0)
                while let element = iterator.next() { elements.append(element) }
                return elements
            }
        }
        throw StarlarkError("got \(typeName), want iterable")
    }

    /// An iterator over the value; nil when it is not iterable.
    func makeIterator() -> StarlarkIterator? {
        guard case .object(let object) = self else { return nil }
        return object.makeIterator()
    }

    /// What `len()` gives; nil for a type without length.
    package var length: Int? {
        guard case .object(let object) = self else { return nil }
        return object.length
    }
}
