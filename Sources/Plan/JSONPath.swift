// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// The part of Kubernetes' JSONPath templates that names places in an object: `{.spec.image}`, `spec['a.b']`,
/// `.items[*].image`, `.list[0]`, `..image`, `.env[?(@.name=='X')].value`.
package struct JSONPath: Sendable, Equatable {
    private enum Step: Sendable, Equatable {
        case key(String)
        case index(Int)
        case all
        case descend
        /// Elements whose member has the text.
        case filter(keys: [String], equals: String)
    }

    /// As the spec wrote it.
    package let text: String
    private var steps: [Step] = []

    /// nil when the text is no path of this kind.
    package init?(_ text: String) {
        self.text = text
        var rest = text[...]
        if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = rest.dropFirst().dropLast() }
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            if rest.hasPrefix("..") {
                steps.append(.descend)
                rest = rest.dropFirst(2)
                if rest.hasPrefix("[") { continue }
            } else if rest.hasPrefix("[") {
                guard let end = Self.closing(rest), let step = Self.bracket(rest.dropFirst().prefix(upTo: end)) else {
                    return nil
                }
                steps.append(step)
                rest = rest[rest.index(after: end)...]
                continue
            } else if rest.hasPrefix(".") {
                rest = rest.dropFirst()
                if rest.isEmpty, !steps.isEmpty { return }
            } else if !steps.isEmpty {
                return nil
            }
            var name = ""
            while let character = rest.first, character != ".", character != "[" {
                rest.removeFirst()
                if character == "\\", let escaped = rest.popFirst() {
                    name.append(escaped)
                } else {
                    name.append(character)
                }
            }
            guard !name.isEmpty else { return nil }
            steps.append(name == "*" ? .all : .key(name))
        }
    }

    /// All values at the path, in order.
    package func values(in json: JSONValue) -> [JSONValue] {
        var found: [JSONValue] = []
        _ = Self.map(json, steps[...]) { value in
            found.append(value)
            return value
        }
        return found
    }

    /// The object with each value at the path replaced.
    package func map(_ json: JSONValue, _ replace: (JSONValue) -> JSONValue) -> JSONValue {
        Self.map(json, steps[...], replace)
    }

    private static func map(
        _ json: JSONValue, _ steps: ArraySlice<Step>, _ replace: (JSONValue) -> JSONValue
    ) -> JSONValue {
        guard let step = steps.first else { return replace(json) }
        let rest = steps.dropFirst()
        switch step {
        case .key(let key):
            guard let value = json[key] else { return json }
            var json = json
            json[key] = map(value, rest, replace)
            return json
        case .index(let index):
            guard var elements = json.array else { return json }
            let place = index < 0 ? index + elements.count : index
            guard elements.indices.contains(place) else { return json }
            elements[place] = map(elements[place], rest, replace)
            return .array(elements)
        case .all: return children(json) { map($0, rest, replace) }
        case .filter(let keys, let text):
            return children(json) { element in
                let member = keys.reduce(Optional(element)) { $0?[$1] }
                return member?.string == text ? map(element, rest, replace) : element
            }
        case .descend:
            let here = map(json, rest, replace)
            return children(here) { map($0, steps, replace) }
        }
    }

    private static func children(_ json: JSONValue, _ change: (JSONValue) -> JSONValue) -> JSONValue {
        if let elements = json.array { return .array(elements.map(change)) }
        if let object = json.object { return .object(JSONObject(object.members.map { ($0.key, change($0.value)) })) }
        return json
    }

    private static func closing(_ text: Substring) -> String.Index? {
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "]" {
                return index
            }
        }
        return nil
    }

    private static func bracket(_ text: Substring) -> Step? {
        if text == "*" { return .all }
        if let index = Int(text) { return .index(index) }
        if let name = unquoted(text) { return .key(name) }
        guard text.hasPrefix("?("), text.hasSuffix(")") else { return nil }
        let condition = text.dropFirst(2).dropLast()
        guard let equals = condition.firstRange(of: "==") else { return nil }
        let member = condition[..<equals.lowerBound].filter { $0 != " " }
        guard member.hasPrefix("@."), let value = unquoted(condition[equals.upperBound...].drop { $0 == " " }) else {
            return nil
        }
        return .filter(keys: member.dropFirst(2).split(separator: ".").map(String.init), equals: value)
    }

    private static func unquoted(_ text: Substring) -> String? {
        let text = text.last == " " ? text.dropLast() : text
        guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote else {
            return nil
        }
        return String(text.dropFirst().dropLast())
    }
}
