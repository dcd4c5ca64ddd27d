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
    var attrNames: [String] { ["get", "items", "keys", "values"] }
    var length: Int? { variables.count }

    private var variables: [(key: String, value: String)] {
        ProcessEnvironment.current.merging(evaluator.state.environment) { $1 }.sorted { $0.key < $1.key }
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
        evaluator.state.environment[name] = text
        return true
    }

    func contains(_ key: Value) throws -> Bool? { key.asString.map { evaluator.variable($0) != nil } ?? false }

    func makeIterator() -> (() -> Value?)? {
        var rest = variables.makeIterator()
        return { rest.next().map { .string($0.key) } }
    }
}
