// SPDX-License-Identifier: Apache-2.0

/// Delivers the elements of a container one by one. It is an object so that it can lie on the operand stack.
///
/// An iterator of a mutable container guards it against changes for as long as the iterator lives: break, return and
/// errors all end in its release, so no path can leave the guard behind.
package class StarlarkIterator: StarlarkObject {
    override init(kind: ObjectKind = .iterator) {
        super.init(kind: kind)
    }

    /// The next element; nil at the end.
    package func next() -> Value? { nil }

    package override var typeName: String { "iterator" }
}

/// Iterates by index over an immutable object.
final class IndexIterator: StarlarkIterator {
    private let object: StarlarkObject
    private let count: Int
    private var position = 0

    init(_ object: StarlarkObject, count: Int) {
        self.object = object
        self.count = count
        super.init()
    }

    override func next() -> Value? {
        guard position < count else { return nil }
        position += 1
        return object.element(at: position - 1)
    }
}

/// Iterates over what a closure delivers.
final class ClosureIterator: StarlarkIterator {
    private let body: () -> Value?

    init(_ body: @escaping () -> Value?) {
        self.body = body
        super.init()
    }

    override func next() -> Value? { body() }
}
