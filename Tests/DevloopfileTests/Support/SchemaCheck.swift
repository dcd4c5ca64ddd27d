// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Holds JSON to a schema, as far as ours use JSON Schema (draft 2020-12): types, enums, patterns, objects, arrays,
/// `anyOf` and local references. A keyword that it does not know is a problem of its own, so that no rule is passed over.
struct SchemaCheck {
    private let root: JSONValue
    private static let known: Set<String> = [
        "$defs", "$ref", "$schema", "additionalProperties", "anyOf", "description", "enum", "items", "minLength",
        "pattern", "properties", "required", "title", "type",
    ]

    init(_ schema: JSONValue) { root = schema }

    /// What is wrong, one line each, with the place in the value.
    func problems(of value: JSONValue) -> [String] { problems(value, root, at: "$") }

    private func problems(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
        var found = (schema.object?.keys ?? []).filter { !Self.known.contains($0) }.map { "unknown keyword \($0)" }
        if let reference = schema["$ref"]?.string {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard let target = root.at("$defs", name) else { return ["no definition \(reference)"] }
            found += problems(value, target, at: path)
        }
        if let choices = schema["anyOf"]?.array, !choices.contains(where: { problems(value, $0, at: path).isEmpty }) {
            found.append("\(path): fits none of the choices")
        }
        if let values = schema["enum"]?.array, !values.contains(value) {
            found.append("\(path): \(value.jsonText) is not among the values")
        }
        let types = schema["type"]?.array?.compactMap(\.string) ?? [schema["type"]?.string].compactMap { $0 }
        if !types.isEmpty, !types.contains(Self.type(of: value)) {
            found.append("\(path): \(Self.type(of: value)) in the place of \(types)")
        }
        if let text = value.string { found += problems(text, schema, at: path) }
        for (index, element) in (value.array ?? []).enumerated() {
            if let items = schema["items"] { found += problems(element, items, at: "\(path)[\(index)]") }
        }
        if let object = value.object { found += problems(object, schema, at: path) }
        return found
    }

    private func problems(_ text: String, _ schema: JSONValue, at path: String) -> [String] {
        if let length = schema["minLength"]?.int, text.unicodeScalars.count < length { return ["\(path): too short"] }
        guard let pattern = schema["pattern"]?.string else { return [] }
        guard let regex = try? Regex(pattern) else { return ["bad pattern \(pattern)"] }
        return text.contains(regex) ? [] : ["\(path): \"\(text)\" does not match \(pattern)"]
    }

    private func problems(_ object: JSONObject, _ schema: JSONValue, at path: String) -> [String] {
        var found = (schema["required"]?.array ?? []).compactMap(\.string).filter { object[$0] == nil }
            .map { "\(path): \($0) is missing" }
        for member in object.members {
            if let rule = schema["properties"]?[member.key] {
                found += problems(member.value, rule, at: "\(path).\(member.key)")
            } else if schema["additionalProperties"] == false {
                found.append("\(path): \(member.key) is not expected")
            }
        }
        return found
    }

    private static func type(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
