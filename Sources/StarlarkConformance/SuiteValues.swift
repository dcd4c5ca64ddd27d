// SPDX-License-Identifier: Apache-2.0

import Starlark

/// A value with fields that can be assigned, as the data expects it under the name `hasfields`.
final class HasFields: ForeignValue {
    var fields: [String: Value] = [:]
    var frozen = false

    let typeName = "hasfields"
    var attrNames: [String] { Array(fields.keys) }

    func attr(_ name: String) throws -> Value? { fields[name] }

    func setField(_ name: String, _ value: Value) throws -> Bool {
        if frozen { throw StarlarkError("cannot set field on a frozen hasfields") }
        if name.hasPrefix("no") {
            let hint = Spelling.nearest(to: name, among: attrNames).map { " (did you mean .\($0)?)" } ?? ""
            throw StarlarkError("no .\(name) field\(hint)")
        }
        fields[name] = value
        return true
    }

    func binary(_ operation: BinaryOperator, with other: Value, isLeft: Bool) throws -> Value? {
        operation == .add && other.typeName == "list" ? .int(42) : nil
    }

    func freeze() {
        frozen = true
        for value in fields.values { value.freeze() }
    }
}

/// A constructor of branded records, as `gensym` makes it.
final class Symbol: ForeignValue {
    private let brand: StructBrand

    init(_ name: String) {
        brand = StructBrand(name)
    }

    let typeName = "symbol"
    var repr: String { brand.name }
    var isCallable: Bool { true }

    func call(_ thread: Thread, _ arguments: Arguments) throws -> Value {
        .object(StarlarkStruct(arguments.keywords, brand: brand))
    }
}

/// An endless sequence.
final class Fibonacci: ForeignValue {
    let typeName = "fibonacci"

    func makeIterator() -> (() -> Value?)? {
        var pair = (0, 1)
        return {
            defer { pair = (pair.1, pair.0 &+ pair.1) }
            return .int(pair.0)
        }
    }
}
