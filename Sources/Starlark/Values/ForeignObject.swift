// SPDX-License-Identifier: Apache-2.0

/// A type of values that another module adds to the language. Every member but `typeName` has a default: a value that is
/// true, hashable by identity, and has nothing inside.
package protocol ForeignValue: AnyObject {
    /// What `type()` says.
    var typeName: String { get }
    /// What `bool()` says.
    var truth: Bool { get }
    /// The text that `repr()` and, within containers, `str()` show.
    var repr: String { get }
    /// The text that `str()` gives when it differs from `repr`.
    var str: String? { get }
    /// Whether the value may be a key.
    var isHashable: Bool { get }
    /// Names of all attributes.
    var attrNames: [String] { get }
    /// The number of elements; nil for a value without length.
    var length: Int? { get }

    /// The value of `.name`; nil when there is none.
    func attr(_ name: String) throws -> Value?
    /// Assigns to `.name`; false when fields cannot be assigned.
    func setField(_ name: String, _ value: Value) throws -> Bool
    /// The value of `self[key]`; nil when the type cannot be indexed. Throws for a missing key.
    func index(_ key: Value) throws -> Value?
    /// Assigns `self[key] = value`; false when elements cannot be assigned.
    func setIndex(_ key: Value, _ value: Value) throws -> Bool
    /// Whether `key in self`; nil when the operator does not apply.
    func contains(_ key: Value) throws -> Bool?
    /// Delivers the elements one by one; nil when the value is not iterable.
    func makeIterator() -> (() -> Value?)?
    /// An arithmetic operation with the value as left or right operand; nil when it has no opinion.
    func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value?
    /// Equality with another value of the same module.
    func isEqual(to other: any ForeignValue) -> Bool
    /// Makes the value immutable.
    func freeze()
    /// Whether the value can be called.
    var isCallable: Bool { get }
    /// Calls the value; asked only when `isCallable`.
    func call(_ thread: Thread, _ arguments: Arguments) throws -> Value
}

extension ForeignValue {
    /// True.
    package var truth: Bool { true }
    /// `<typeName>`.
    package var repr: String { "<\(typeName)>" }
    /// As `repr`.
    package var str: String? { nil }
    /// True: by identity.
    package var isHashable: Bool { true }
    /// None.
    package var attrNames: [String] { [] }
    /// None.
    package var length: Int? { nil }
    /// None.
    package func attr(_ name: String) throws -> Value? { nil }
    /// Not assignable.
    package func setField(_ name: String, _ value: Value) throws -> Bool { false }
    /// Not indexable.
    package func index(_ key: Value) throws -> Value? { nil }
    /// Not assignable.
    package func setIndex(_ key: Value, _ value: Value) throws -> Bool { false }
    /// Does not apply.
    package func contains(_ key: Value) throws -> Bool? { nil }
    /// Not iterable.
    package func makeIterator() -> (() -> Value?)? { nil }
    /// No opinion.
    package func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? { nil }
    /// By identity.
    package func isEqual(to other: any ForeignValue) -> Bool { self === other }
    /// Nothing to do.
    package func freeze() {}
    /// Not callable.
    package var isCallable: Bool { false }
    /// Not callable.
    package func call(_ thread: Thread, _ arguments: Arguments) throws -> Value {
        throw Thread.notCallable(.foreign(self))
    }
}

/// The object that carries a `ForeignValue`.
package final class ForeignObject: StarlarkObject {
    /// The value of the other module.
    package let value: any ForeignValue
    private var frozen = false

    /// Wraps a value.
    package init(_ value: any ForeignValue) {
        self.value = value
        super.init(kind: .foreign)
    }

    package override var typeName: String { value.typeName }
    package override var truth: Bool { value.truth }
    package override var length: Int? { value.length }
    package override var isCallable: Bool { value.isCallable }
    override var isFrozen: Bool { frozen }

    override func freezeShallow() {
        frozen = true
        value.freeze()
    }

    override func write(to writer: inout ReprWriter) { writer.write(value.repr) }
    override func strBytes() -> [UInt8]? { value.str.map { Array($0.utf8) } }

    override func hash(depth: Int) throws -> Int {
        guard value.isHashable else { throw StarlarkError("unhashable type: \(typeName)") }
        return ObjectIdentifier(value).hashValue
    }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        value.isEqual(to: unsafeDowncast(other, to: ForeignObject.self).value)
    }

    package override func attr(_ name: String) throws -> Value? { try value.attr(name) }
    package override var attrNames: [String] { value.attrNames.sorted() }
    override func setField(_ name: String, _ value: Value) throws -> Bool { try self.value.setField(name, value) }

    override func makeIterator() -> StarlarkIterator? { value.makeIterator().map(ClosureIterator.init) }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        if operation == .in, !isLeft { return try value.contains(other).map(Value.bool) }
        return try value.binary(operation, with: other, isLeft: isLeft)
    }
}

extension Value {
    /// A value of another module's type.
    package static func foreign(_ value: any ForeignValue) -> Value { .object(ForeignObject(value)) }

    /// The foreign value of this type that is wrapped here; nil for anything else.
    package func asForeign<T: ForeignValue>(_ type: T.Type = T.self) -> T? {
        guard case .object(let object) = self, object.kind == .foreign else { return nil }
        return unsafeDowncast(object, to: ForeignObject.self).value as? T
    }
}
