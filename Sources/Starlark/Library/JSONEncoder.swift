// SPDX-License-Identifier: Apache-2.0

/// Writes values as JSON on one line, keys sorted.
struct JSONEncoder {
    private var result: [UInt8] = []
    /// The containers around the current value.
    private var path: [ObjectIdentifier] = []

    private static let maxDepth = 300

    /// Where in the value something cannot be encoded, and why.
    private struct Failure: Error {
        var message: String

        func inside(_ place: String) -> Failure { Failure(message: "\(place): \(message)") }
    }

    static func encode(_ value: Value, function: String) throws -> [UInt8] {
        var encoder = JSONEncoder()
        do throws(Failure) {
            try encoder.write(value)
        } catch {
            throw StarlarkError("\(function): \(error.message)")
        }
        return encoder.result
    }

    private mutating func write(text: String) { result += text.utf8 }

    private mutating func write(_ value: Value) throws(Failure) {
        switch value {
        case .none: write(text: "null")
        case .bool(let flag): write(text: flag ? "true" : "false")
        case .int(let number): write(text: String(number))
        case .float(let number):
            guard number.isFinite else {
                throw Failure(message: "cannot encode non-finite float \(FloatFormat.general(number))")
            }
            write(text: FloatFormat.general(number))
        case .object(let object): try write(object)
        }
    }

    private mutating func write(_ object: StarlarkObject) throws(Failure) {
        switch object.kind {
        case .string: write(string: unsafeDowncast(object, to: StarlarkString.self).bytes)
        case .bigInt: result += Value.object(object).reprBytes()
        case .dict: try enter(object) { encoder throws(Failure) in try encoder.writeEntries(of: object) }
        case .structure, .module:
            try enter(object) { encoder throws(Failure) in try encoder.writeFields(of: object) }
        default:
            guard let iterator = object.makeIterator() else {
                guard object.kind == .foreign, !object.attrNames.isEmpty else {
                    throw Failure(message: "cannot encode \(object.typeName) as JSON")
                }
                return try enter(object) { encoder throws(Failure) in try encoder.writeFields(of: object) }
            }
            try enter(object) { encoder throws(Failure) in
                try encoder.writeElements(of: iterator, type: object.typeName)
            }
        }
    }

    private mutating func enter(
        _ object: StarlarkObject, _ body: (inout JSONEncoder) throws(Failure) -> Void
    ) throws(Failure) {
        let id = ObjectIdentifier(object)
        if path.contains(id) { throw Failure(message: "cycle in JSON structure") }
        if path.count >= Self.maxDepth { throw Failure(message: "data nests too deeply") }
        path.append(id)
        try body(&self)
        path.removeLast()
    }

    private mutating func writeElements(of iterator: StarlarkIterator, type: String) throws(Failure) {
        result.append(UInt8(ascii: "["))
        var index = 0
        while let element = iterator.next() {
            if index > 0 { result.append(UInt8(ascii: ",")) }
            do throws(Failure) {
                try write(element)
            } catch {
                throw error.inside("at \(type) index \(index)")
            }
            index += 1
        }
        result.append(UInt8(ascii: "]"))
    }

    private mutating func writeEntries(of object: StarlarkObject) throws(Failure) {
        var entries: [(key: StarlarkString, value: Value)] = []
        for (key, value) in unsafeDowncast(object, to: StarlarkDict.self).entries {
            guard let text = key.stringObject else {
                throw Failure(message: "dict has \(key.typeName) key, want string")
            }
            entries.append((text, value))
        }
        entries.sort { ByteHash.order($0.key.bytes, $1.key.bytes) < 0 }
        result.append(UInt8(ascii: "{"))
        for (index, entry) in entries.enumerated() {
            if index > 0 { result.append(UInt8(ascii: ",")) }
            write(string: entry.key.bytes)
            result.append(UInt8(ascii: ":"))
            do throws(Failure) {
                try write(entry.value)
            } catch {
                throw error.inside("in dict key \(entry.key.repr())")
            }
        }
        result.append(UInt8(ascii: "}"))
    }

    private mutating func writeFields(of object: StarlarkObject) throws(Failure) {
        result.append(UInt8(ascii: "{"))
        for (index, name) in object.attrNames.enumerated() {
            if index > 0 { result.append(UInt8(ascii: ",")) }
            write(string: Array(name.utf8))
            result.append(UInt8(ascii: ":"))
            let value: Value
            do {
                value = try object.attr(name) ?? .none
            } catch {
                throw Failure(message: "in field .\(name): \(error)")
            }
            do throws(Failure) {
                try write(value)
            } catch {
                throw error.inside("in field .\(name)")
            }
        }
        result.append(UInt8(ascii: "}"))
    }

    private mutating func write(string bytes: [UInt8]) {
        result.append(UInt8(ascii: "\""))
        for byte in UTF8Text.repaired(bytes) {
            switch byte {
            case UInt8(ascii: "\""): write(text: "\\\"")
            case UInt8(ascii: "\\"): write(text: "\\\\")
            case 0x0A: write(text: "\\n")
            case 0x0D: write(text: "\\r")
            case 0x09: write(text: "\\t")
            case 0x00..<0x20: write(text: "\\u" + hex(UInt32(byte), width: 4))
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
    }
}
