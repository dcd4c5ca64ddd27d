// SPDX-License-Identifier: Apache-2.0

/// A value of the language. Small ones are stored in place, the others are references to objects.
///
/// Not `Sendable`: a value belongs to the thread of evaluation that made it.
package enum Value {
    case none
    case bool(Bool)
    /// An integer of 64 bits; larger ones are `StarlarkBigInt` objects, and never both for the same number.
    case int(Int)
    case float(Double)
    case object(StarlarkObject)
}

extension Value {
    /// A string value.
    package static func string(_ text: String) -> Value { .object(StarlarkString(text)) }

    /// A new list.
    package static func list(_ elements: [Value]) -> Value { .object(StarlarkList(elements)) }

    /// A new tuple.
    package static func tuple(_ elements: [Value]) -> Value { .object(StarlarkTuple(elements)) }

    /// A new dict. Of equal keys the last value wins; entries whose key cannot be hashed are a programming error of the
    /// caller and are left out.
    package static func dict(_ entries: [(Value, Value)]) -> Value {
        let dict = StarlarkDict()
        for (key, value) in entries { try? dict.set(key, value) }
        return .object(dict)
    }

    /// The text of a string value; nil for every other type. Bytes that are no UTF-8 become U+FFFD.
    package var asString: String? { stringObject?.string }

    /// The number of an int value that fits in 64 bits.
    package var asInt: Int? {
        if case .int(let value) = self { return value }
        return nil
    }

    /// The value of a bool.
    package var asBool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    /// Whether this is `None`.
    package var isNone: Bool {
        if case .none = self { return true }
        return false
    }

    /// What `type()` says.
    package var typeName: String {
        switch self {
        case .none: "NoneType"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .object(let object): object.typeName
        }
    }

    /// What `bool()` says.
    package var truth: Bool {
        switch self {
        case .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .float(let value): value != 0
        case .object(let object): object.truth
        }
    }

    /// The value as source text would write it, where possible.
    package func repr() -> String {
        String(decoding: reprBytes(), as: UTF8.self)
    }

    /// What `str()` gives: a string as it is, anything else as `repr`.
    package func str() -> String {
        String(decoding: strBytes(), as: UTF8.self)
    }

    /// Makes the value, and all that it refers to, immutable.
    package func freeze() {
        guard case .object(let object) = self else { return }
        Freezer.freeze(object)
    }

    func reprBytes() -> [UInt8] {
        var writer = ReprWriter()
        writer.write(self)
        return writer.bytes
    }

    func strBytes() -> [UInt8] {
        if case .object(let object) = self, let text = object.strBytes() { return text }
        return reprBytes()
    }

    var stringObject: StarlarkString? {
        guard case .object(let object) = self, object.kind == .string else { return nil }
        return unsafeDowncast(object, to: StarlarkString.self)
    }

    var listObject: StarlarkList? {
        guard case .object(let object) = self, object.kind == .list else { return nil }
        return unsafeDowncast(object, to: StarlarkList.self)
    }

    var tupleObject: StarlarkTuple? {
        guard case .object(let object) = self, object.kind == .tuple else { return nil }
        return unsafeDowncast(object, to: StarlarkTuple.self)
    }

    var dictObject: StarlarkDict? {
        guard case .object(let object) = self, object.kind == .dict else { return nil }
        return unsafeDowncast(object, to: StarlarkDict.self)
    }

    var setObject: StarlarkSet? {
        guard case .object(let object) = self, object.kind == .set else { return nil }
        return unsafeDowncast(object, to: StarlarkSet.self)
    }

    var bytesObject: StarlarkBytes? {
        guard case .object(let object) = self, object.kind == .bytes else { return nil }
        return unsafeDowncast(object, to: StarlarkBytes.self)
    }

    var rangeObject: StarlarkRange? {
        guard case .object(let object) = self, object.kind == .range else { return nil }
        return unsafeDowncast(object, to: StarlarkRange.self)
    }

    var bigObject: StarlarkBigInt? {
        guard case .object(let object) = self, object.kind == .bigInt else { return nil }
        return unsafeDowncast(object, to: StarlarkBigInt.self)
    }

    /// Whether the value can be called.
    package var isCallable: Bool {
        guard case .object(let object) = self else { return false }
        return object.isCallable
    }
}
