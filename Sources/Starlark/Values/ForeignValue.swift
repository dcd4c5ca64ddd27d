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
