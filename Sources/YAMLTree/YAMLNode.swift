// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// One document of a YAML stream.
package struct YAMLDocument: Sendable {
    package var root: YAMLNode
    /// 1-based line where the content of the document starts.
    package var line: Int
}

/// A node with its place, anchors followed and merge keys applied.
package struct YAMLNode: Sendable {
    package enum Content: Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        /// In the order of the text; keys are unique.
        case mapping([YAMLEntry])
    }

    package var content: Content
    /// The tag as written, with its handle resolved (`tag:yaml.org,2002:str` for `!!str`); nil when there is none.
    package var tag: String?
    package var location: SourceLocation
    /// Nodes in the expansion of this one, itself included; bounds what aliases can multiply.
    var weight: Int
    /// Levels below and including this one.
    var height: Int

    package var scalar: YAMLScalar? { if case .scalar(let value) = content { value } else { nil } }
    package var sequence: [YAMLNode]? { if case .sequence(let value) = content { value } else { nil } }
    package var mapping: [YAMLEntry]? { if case .mapping(let value) = content { value } else { nil } }

    /// Value of a key with this text; nil for other nodes and missing keys.
    package subscript(key: String) -> YAMLNode? { mapping?.first { $0.key.scalar?.text == key }?.value }
}

/// A key with its value.
package struct YAMLEntry: Sendable {
    package var key: YAMLNode
    package var value: YAMLNode
}

extension YAMLNode {
    static let tagPrefix = "tag:yaml.org,2002:"

    /// The node as JSON, as Kubernetes' tools turn YAML into it: number and boolean keys become strings, fractions that
    /// are whole numbers become whole numbers.
    /// - Throws: what JSON cannot express, with its place: null or structured keys, infinities,
    ///   a tag that does not fit.
    package var json: JSONValue {
        get throws(DevloopError) {
            switch content {
            case .scalar(let scalar): return try json(scalar)
            case .sequence(let elements):
                var values: [JSONValue] = []
                values.reserveCapacity(elements.count)
                for element in elements { values.append(try element.json) }
                return .array(values)
            case .mapping(let entries):
                var members: [(String, JSONValue)] = []
                members.reserveCapacity(entries.count)
                for entry in entries { members.append((try entry.key.jsonKey, try entry.value.json)) }
                return .object(JSONObject(members))
            }
        }
    }

    /// The text of this node as a key of a JSON object.
    var jsonKey: String {
        get throws(DevloopError) {
            guard let scalar else {
                throw DevloopError(.yaml, "a list or mapping cannot be a key here", at: location)
            }
            switch try json(scalar) {
            case .string(let text): return text
            case .bool(let value): return value ? "true" : "false"
            case .int(let value): return String(value)
            case .double(let value): return String(value)
            default: throw DevloopError(.yaml, "null cannot be a key here", at: location, hint: "quote the key")
            }
        }
    }

    private func json(_ scalar: YAMLScalar) throws(DevloopError) -> JSONValue {
        guard let tag else { return scalar.isPlain ? try json(YAMLScalar.resolve(scalar.text)) : .string(scalar.text) }
        guard tag.hasPrefix(Self.tagPrefix) else { return .string(scalar.text) }
        let kind = String(tag.dropFirst(Self.tagPrefix.count))
        if kind == "binary" {
            guard let bytes = Base64.decode(scalar.text) else {
                throw DevloopError(.yaml, "!!binary does not hold base64", at: location)
            }
            return .string(String(decoding: bytes, as: UTF8.self))
        }
        guard ["bool", "int", "float", "null"].contains(kind) else { return .string(scalar.text) }
        let value = try json(YAMLScalar.resolve(scalar.text))
        switch (kind, value) {
        case ("bool", .bool), ("int", .int), ("float", .double), ("float", .int), ("null", .null): return value
        default: throw DevloopError(.yaml, "\"\(scalar.text)\" is no !!\(kind)", at: location)
        }
    }

    private func json(_ meaning: YAMLScalar.Meaning) throws(DevloopError) -> JSONValue {
        switch meaning {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value):
            guard value.isFinite else {
                throw DevloopError(.yaml, "\(value) cannot be expressed in JSON", at: location, hint: "quote it")
            }
            return Int(exactly: value).map(JSONValue.int) ?? .double(value)
        case .string: return .string(scalar?.text ?? "")
        }
    }
}
