// SPDX-License-Identifier: Apache-2.0

/// The kind of a record: records of different brands are never equal.
package final class StructBrand: Sendable {
    /// The word that `str()` shows.
    package let name: String

    /// Makes a brand unlike all others.
    package init(_ name: String) {
        self.name = name
    }

    /// The brand of what the builtin `struct` makes.
    package static let plain = StructBrand("struct")
}

/// An immutable record with named fields, as `struct(...)` makes it.
package final class StarlarkStruct: StarlarkObject {
    /// The fields by name, sorted.
    package let fields: [(name: String, value: Value)]
    private let brand: StructBrand

    /// Makes a record. Of equal names the last value wins.
    package init(_ fields: [(name: String, value: Value)], brand: StructBrand = .plain) {
        var unique: [String: Value] = [:]
        for field in fields { unique[field.name] = field.value }
        self.fields = unique.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.brand = brand
        super.init(kind: .structure)
    }

    package override var typeName: String { "struct" }

    override func visitChildren(_ visit: (Value) -> Void) {
        for field in fields { visit(field.value) }
    }

    override func write(to writer: inout ReprWriter) {
        writer.write(container: self, open: "\(brand.name)(", close: ")") { writer in
            for (index, field) in fields.enumerated() {
                writer.write(index > 0 ? ", \(field.name) = " : "\(field.name) = ")
                writer.write(field.value)
            }
        }
    }

    override func hash(depth: Int) throws -> Int {
        guard depth > 0 else { throw StarlarkError("hash of too deeply nested struct") }
        var hash = fields.count
        for field in fields {
            hash = ByteHash.combine(hash, ByteHash.hash(Array(field.name.utf8)))
            hash = ByteHash.combine(hash, try field.value.hash(depth: depth - 1))
        }
        return hash
    }

    override func isEqual(to other: StarlarkObject, depth: Int) throws -> Bool {
        let other = unsafeDowncast(other, to: StarlarkStruct.self)
        guard brand === other.brand, fields.count == other.fields.count else { return false }
        for (left, right) in zip(fields, other.fields) {
            if left.name != right.name { return false }
            if try !Comparison.equal(left.value, right.value, depth: depth - 1) { return false }
        }
        return true
    }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        guard operation == .add, isLeft, case .object(let object) = other, object.kind == .structure else { return nil }
        let right = unsafeDowncast(object, to: StarlarkStruct.self)
        guard right.brand === brand else {
            throw StarlarkError("different constructors: \(brand.name) + \(right.brand.name)")
        }
        return .object(StarlarkStruct(fields + right.fields, brand: brand))
    }

    package override func attr(_ name: String) throws -> Value? {
        fields.first { $0.name == name }?.value
    }

    package override var attrNames: [String] { fields.map(\.name) }

    /// What the type is called in the message about a missing field.
    var description: String { brand === StructBrand.plain ? "struct" : "\(brand.name) struct" }

    /// The builtin `struct(**fields)`.
    package static func constructorFunction() -> Builtin {
        Builtin("struct") { _, arguments in
            guard arguments.positional.isEmpty else { throw StarlarkError("struct: unexpected positional arguments") }
            return .object(StarlarkStruct(arguments.keywords))
        }
    }
}
