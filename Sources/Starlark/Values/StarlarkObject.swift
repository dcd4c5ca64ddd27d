// SPDX-License-Identifier: Apache-2.0

/// The concrete type of an object, for switching without dynamic casts.
enum ObjectKind: UInt8, CaseIterable {
    case string, bytes, bigInt, list, tuple, dict, set, range
    case function, builtin, method
    case stringElems, stringCodepoints, bytesElems
    case module, structure, foreign
    case time, duration
    case cell, iterator, rangeIterator
}

/// A value that lives on the heap. The members are what the interpreter asks of every type; a subclass overrides what it
/// supports. Types of other modules implement `ForeignValue` instead.
package class StarlarkObject {
    let kind: ObjectKind

    init(kind: ObjectKind) {
        self.kind = kind
    }

    /// What `type()` says.
    package var typeName: String { "object" }

    /// What `bool()` says.
    package var truth: Bool { true }

    /// The text of the value as source would write it.
    package func repr() -> String { Value.object(self).repr() }

    /// Makes the object itself immutable; what it refers to is up to `children`.
    func freezeShallow() {}

    /// Whether freezing has nothing to do here any more.
    var isFrozen: Bool { true }

    /// Makes the object, and all that it refers to, immutable.
    package func freeze() { Freezer.freeze(self) }

    /// Calls `visit` with each object that freezing must reach from here.
    func visitChildren(_ visit: (Value) -> Void) {}

    /// Gives up what a container refers to. Called only when nothing refers to the container any more.
    func takeChildren() -> [Value] { [] }

    func write(to writer: inout ReprWriter) { writer.write("<\(typeName)>") }

    /// The bytes that `str()` gives when they differ from `repr()`.
    func strBytes() -> [UInt8]? { nil }

    /// A hash that equal values share. `depth` bounds the nesting of tuples.
    func hash(depth: Int) throws -> Int { throw StarlarkError("unhashable type: \(typeName)") }

    /// Equality with another object of the same kind.
    func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool { self === other }

    /// An ordered comparison with another object of the same kind; nil when the type has none.
    func compare(_ operation: ComparisonOperator, to other: StarlarkObject, depth: Int) throws -> Bool? { nil }

    /// The value of `.name`; nil when there is no such field or method.
    package func attr(_ name: String) throws -> Value? {
        MethodTable.table(for: kind)[name].map { .object(Builtin(method: $0, receiver: self)) }
    }

    /// The names of all fields and methods, sorted.
    package var attrNames: [String] { MethodTable.table(for: kind).keys.sorted() }

    /// Assigns to `.name`; false when the type has no assignable fields.
    func setField(_ name: String, _ value: Value) throws -> Bool { false }

    /// The number of elements; nil for a type without length.
    package var length: Int? { nil }

    /// An iterator; nil when the type is not iterable.
    func makeIterator() -> StarlarkIterator? { nil }

    /// The element at an index between 0 and `length`; nil when the type has no integer index.
    func element(at index: Int) -> Value? { nil }

    /// An arithmetic operation in which the object is the left or the right operand; nil when it has no opinion.
    func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? { nil }

    /// Whether the value can be called.
    package var isCallable: Bool { false }
}

/// Makes values immutable, with a worklist rather than recursion, since data may nest deeply.
enum Freezer {
    static func freeze(_ object: StarlarkObject) {
        var work = [object]
        // Immutable containers have no mark that they were visited.
        var seen: Set<ObjectIdentifier> = []
        while let next = work.popLast() {
            switch next.kind {
            case .tuple, .module, .structure:
                if !seen.insert(ObjectIdentifier(next)).inserted { continue }
            default:
                if next.isFrozen { continue }
            }
            next.freezeShallow()
            next.visitChildren { child in
                if case .object(let object) = child { work.append(object) }
            }
        }
    }
}
