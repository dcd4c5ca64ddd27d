// SPDX-License-Identifier: Apache-2.0

import ProcessRunner
import Starlark

/// `os.environ`: devloop's environment with what the spec has set on top.
final class EnvironmentValue: ForeignValue {
    private unowned let evaluator: Evaluator

    init(_ evaluator: Evaluator) { self.evaluator = evaluator }

    var typeName: String { "environ" }
    var repr: String { "environ({...})" }
    var isHashable: Bool { false }
    var attrNames: [String] { ["clear", "get", "items", "keys", "pop", "setdefault", "update", "values"] }
    var length: Int? { variables.count }

    private var variables: [(key: String, value: String)] {
        evaluator.variables.sorted { $0.key < $1.key }
    }

    func attr(_ name: String) throws -> Value? {
        switch name {
        case "get":
            return .object(
                Builtin("get") { [self] _, arguments in
                    let values = try Parameters("get", ["key", "default?"]).bind(arguments)
                    guard let key = values[0]?.asString else { throw StarlarkError("get: key must be a string") }
                    return evaluator.variable(key).map(Value.string) ?? values[1] ?? .none
                })
        case "items":
            return method("items") { .tuple([.string($0.key), .string($0.value)]) }
        case "pop":
            return .object(
                Builtin("pop") { [self] _, arguments in
                    let values = try Parameters("pop", ["key", "default?"]).bind(arguments)
                    guard let key = values[0]?.asString else { throw StarlarkError("pop: key must be a string") }
                    guard let text = evaluator.variable(key) else {
                        guard let fallback = values[1] else { throw StarlarkError("pop: missing key") }
                        return fallback
                    }
                    evaluator.setVariable(key, nil)
                    return .string(text)
                })
        case "setdefault":
            return .object(
                Builtin("setdefault") { [self] _, arguments in
                    let values = try Parameters("setdefault", ["key", "default?"]).bind(arguments)
                    guard let key = values[0]?.asString else { throw StarlarkError("setdefault: key must be a string") }
                    if let text = evaluator.variable(key) { return .string(text) }
                    let fallback = values[1] ?? .string("")
                    _ = try setIndex(.string(key), fallback)
                    return fallback
                })
        case "update":
            return .object(
                Builtin("update") { [self] _, arguments in
                    let values = try Parameters("update", ["pairs"]).bind(arguments)
                    for (key, text) in try (values[0] ?? .none).dictionary("pairs") { evaluator.setVariable(key, text) }
                    return .none
                })
        case "clear":
            return .object(
                Builtin("clear") { [self] _, arguments in
                    _ = try Parameters("clear", []).bind(arguments)
                    for (key, _) in variables { evaluator.setVariable(key, nil) }
                    return .none
                })
        case "keys": return method("keys") { .string($0.key) }
        case "values": return method("values") { .string($0.value) }
        default: return nil
        }
    }

    private func method(_ name: String, _ map: @escaping ((key: String, value: String)) -> Value) -> Value {
        .object(
            Builtin(name) { [self] _, arguments in
                _ = try Parameters(name, []).bind(arguments)
                return .list(variables.map(map))
            })
    }

    func index(_ key: Value) throws -> Value? {
        guard let name = key.asString, let value = evaluator.variable(name) else {
            throw StarlarkError("key \(key.repr()) not in environ")
        }
        return .string(value)
    }

    func setIndex(_ key: Value, _ value: Value) throws -> Bool {
        guard let name = key.asString, let text = value.asString else {
            throw StarlarkError("environ takes strings, got \(key.typeName) and \(value.typeName)")
        }
        evaluator.setVariable(name, text)
        return true
    }

    func contains(_ key: Value) throws -> Bool? { key.asString.map { evaluator.variable($0) != nil } ?? false }

    func makeIterator() -> (() -> Value?)? {
        var rest = variables.makeIterator()
        return { rest.next().map { .string($0.key) } }
    }
}
