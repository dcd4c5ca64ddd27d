// SPDX-License-Identifier: Apache-2.0

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
