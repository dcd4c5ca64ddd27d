// SPDX-License-Identifier: Apache-2.0

/// A named collection of members, such as `json` or `os.path`.
package final class StarlarkModule: StarlarkObject {
    /// The name that `str()` shows.
    package let name: String
    private let members: [String: Value]

    /// Makes a module with these members.
    package init(_ name: String, _ members: [String: Value]) {
        self.name = name
        self.members = members
        super.init(kind: .module)
    }

    package override var typeName: String { "module" }
    override func write(to writer: inout ReprWriter) {
        writer.write("<module \(Value.string(name).repr())>")
    }

    override func visitChildren(_ visit: (Value) -> Void) { members.values.forEach(visit) }
    package override func attr(_ name: String) throws -> Value? { members[name] }
    package override var attrNames: [String] { members.keys.sorted() }
}

/// An immutable record with named fields, as `struct(...)` makes it.
package final class StarlarkStruct: StarlarkObject {
    /// The fields by name, sorted.
    package let fields: [(name: String, value: Value)]
    private let constructor: String

    /// Makes a record; `constructor` is the word that `str()` shows. Of equal names the last value wins.
    package init(_ fields: [(name: String, value: Value)], constructor: String = "struct") {
        var unique: [String: Value] = [:]
        for field in fields { unique[field.name] = field.value }
        self.fields = unique.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.constructor = constructor
        super.init(kind: .structure)
    }

    package override var typeName: String { "struct" }

    override func visitChildren(_ visit: (Value) -> Void) {
        for field in fields { visit(field.value) }
    }

    override func write(to writer: inout ReprWriter) {
        writer.write(container: self, open: "\(constructor)(", close: ")") { writer in
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
        guard constructor == other.constructor, fields.count == other.fields.count else { return false }
        for (left, right) in zip(fields, other.fields) {
            if left.name != right.name { return false }
            if try !Comparison.equal(left.value, right.value, depth: depth - 1) { return false }
        }
        return true
    }

    override func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        guard operation == .add, isLeft, case .object(let object) = other, object.kind == .structure else { return nil }
        let right = unsafeDowncast(object, to: StarlarkStruct.self)
        guard right.constructor == constructor else { return nil }
        return .object(StarlarkStruct(fields + right.fields, constructor: constructor))
    }

    package override func attr(_ name: String) throws -> Value? {
        fields.first { $0.name == name }?.value
    }

    package override var attrNames: [String] { fields.map(\.name) }

    /// The builtin `struct(**fields)`.
    package static func constructorFunction() -> Builtin {
        Builtin("struct") { _, arguments in
            guard arguments.positional.isEmpty else { throw StarlarkError("struct: unexpected positional arguments") }
            return .object(StarlarkStruct(arguments.keywords))
        }
    }
}
