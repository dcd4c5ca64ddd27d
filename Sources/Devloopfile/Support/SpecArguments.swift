// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

/// The settings that a spec defines, and how the command line and the settings file fill them.
struct SpecArguments {
    enum Kind { case string, strings, bool, object }

    struct Setting {
        var name: String
        var kind: Kind
        /// Takes the arguments that belong to no flag.
        var takesRest: Bool
    }

    private(set) var settings: [Setting] = []
    var isParsed = false

    /// - Throws: `SpecFault` for a second setting of the name, or a second one that takes the rest.
    mutating func define(_ setting: Setting) throws(SpecFault) {
        guard !isParsed else { throw SpecFault("comes after config.parse()") }
        guard !settings.contains(where: { $0.name == setting.name }) else {
            throw SpecFault("setting \"\(setting.name)\" is there already")
        }
        if setting.takesRest, let other = settings.first(where: \.takesRest) {
            throw SpecFault("\"\(other.name)\" takes the arguments already")
        }
        settings.append(setting)
    }

    /// The settings that are given, those of the command line over those of the file.
    /// - Throws: code `.usage` for the command line, `SpecFault` for the file.
    func values(_ arguments: [String], file: JSONValue?, fileName: String) throws -> [(Value, Value)] {
        var values: [String: Value] = [:]
        for member in file?.object?.members ?? [] {
            guard let setting = settings.first(where: { $0.name == member.key }) else {
                throw SpecFault("\(fileName) has an unknown setting \"\(member.key)\"", hint: hint(member.key))
            }
            guard let value = Self.value(member.value, setting.kind) else {
                throw SpecFault("\(fileName): \"\(member.key)\" has a value of the wrong type")
            }
            values[member.key] = value
        }
        for (name, texts) in try parse(arguments) {
            guard let setting = settings.first(where: { $0.name == name }), let last = texts.last else { continue }
            switch setting.kind {
            case .string: values[name] = .string(last)
            case .strings: values[name] = .list(texts.map(Value.string))
            case .bool: values[name] = .bool(last == "true")
            case .object:
                guard let json = try? JSONValue(parsing: last), json.object != nil else {
                    throw usage("--\(name) must be a JSON object, got \"\(last)\"", hint: nil)
                }
                values[name] = Value(json)
            }
        }
        return settings.compactMap { setting in values[setting.name].map { (.string(setting.name), $0) } }
    }

    /// Texts of each setting in the order of the command line.
    private func parse(_ arguments: [String]) throws(DevloopError) -> [String: [String]] {
        var given: [String: [String]] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument.count > 1 else {
                guard let setting = settings.first(where: \.takesRest) else {
                    throw usage("the spec takes no argument \"\(argument)\"", hint: hint(argument))
                }
                given[setting.name, default: []].append(argument)
                continue
            }
            let body = argument.drop { $0 == "-" }
            let name = String(body.prefix { $0 != "=" })
            guard let setting = settings.first(where: { $0.name == name }) else {
                throw usage("the spec has no setting \"\(name)\"", hint: hint(name))
            }
            var text = body.contains("=") ? String(body.dropFirst(name.count + 1)) : nil
            if setting.kind == .bool {
                guard ["true", "false"].contains(text ?? "true") else {
                    throw usage("--\(name) is true or false, not \"\(text ?? "")\"", hint: nil)
                }
                text = text ?? "true"
            }
            guard let value = text ?? rest.popFirst() else { throw usage("--\(name) needs a value", hint: nil) }
            given[name, default: []].append(value)
        }
        return given
    }

    private func usage(_ message: String, hint: String?) -> DevloopError { DevloopError(.usage, message, hint: hint) }

    private func hint(_ name: String) -> String {
        let names = settings.map(\.name)
        if let nearest = Suggestion.nearest(to: name, among: names) { return "did you mean \"\(nearest)\"?" }
        return names.isEmpty ? "it defines no settings" : "settings: \(names.joined(separator: ", "))"
    }

    private static func value(_ json: JSONValue, _ kind: Kind) -> Value? {
        switch (kind, json) {
        case (.string, .string(let text)): return .string(text)
        case (.bool, .bool(let bool)): return .bool(bool)
        case (.object, .object): return Value(json)
        case (.strings, .array(let elements)):
            let texts = elements.compactMap(\.string)
            return texts.count == elements.count ? .list(texts.map(Value.string)) : nil
        default: return nil
        }
    }
}
