// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

extension Value {
    /// A value of the language out of data.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .float(value)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { Value($0) })
        case .object(let object): self = .dict(object.members.map { (.string($0.key), Value($0.value)) })
        }
    }

    /// The value as data: None, bools, numbers, strings, and lists, tuples and dicts of them.
    /// - Throws: `SpecFault` for anything else, for keys that are no strings, and for what contains itself.
    func json(depth: Int = 0) throws -> JSONValue {
        guard depth < 512 else { throw SpecFault("the value is nested too deeply, or contains itself") }
        switch self {
        case .none: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value):
            guard value.isFinite else { throw SpecFault("\(repr()) cannot be expressed as data") }
            return .double(value)
        case .object(let object):
            if let text = asString { return .string(text) }
            if let dict = object as? StarlarkDict {
                return .object(
                    JSONObject(
                        try dict.entries.map { entry in
                            guard let key = entry.key.asString else {
                                throw SpecFault("keys must be strings, got \(entry.key.repr())")
                            }
                            return (key, try entry.value.json(depth: depth + 1))
                        }))
            }
            guard typeName == "list" || typeName == "tuple" else {
                throw SpecFault("a \(typeName) cannot be expressed as data")
            }
            return .array(try iterate().map { try $0.json(depth: depth + 1) })
        }
    }
}
