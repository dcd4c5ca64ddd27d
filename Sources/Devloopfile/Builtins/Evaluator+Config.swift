// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    /// Settings of a spec for one person or machine, beside the spec; the name that Tilt users have it under.
    private static let settingsFile = "tilt_config.json"

    /// `config`: what the spec is told from outside.
    func configModule() -> StarlarkModule {
        let kinds: [(String, SpecArguments.Kind)] = [
            ("define_string", .string), ("define_string_list", .strings), ("define_bool", .bool),
            ("define_object", .object),
        ]
        var functions = kinds.map { name, kind in
            // Bools take no arguments without a flag, but all are called alike.
            define(name, "name", "args?", "usage?") { evaluator, call in
                let takesRest = try call.bool("args") ?? false
                guard !takesRest || kind == .string || kind == .strings else {
                    throw SpecFault("only strings and lists of strings can take the arguments")
                }
                try evaluator.arguments.define(
                    SpecArguments.Setting(
                        name: try call.string("name"), kind: kind, takesRest: takesRest))
                return .none
            }
        }
        functions.append(
            define("parse") { evaluator, _ in
                guard !evaluator.arguments.isParsed else { throw SpecFault("can be called once only") }
                evaluator.arguments.isParsed = true
                return .dict(try evaluator.settingValues())
            })
        functions.append(
            define("set_enabled_resources", "resources") { evaluator, call in
                evaluator.state.settings.enabledResources = try call.strings("resources")
                return .none
            })
        functions.append(
            define("clear_enabled_resources") { evaluator, _ in
                evaluator.state.settings.enabledResources = []
                return .none
            })
        var members: [String: Value] = [
            "main_path": .string(mainFile), "main_dir": .string(Paths.directory(mainFile)),
            "tilt_subcommand": .string(request.mode.rawValue),
        ]
        for function in functions { members[function.name] = .object(function) }
        return StarlarkModule("config", members)
    }

    private func settingValues() throws -> [(Value, Value)] {
        let path = Paths.resolve(Self.settingsFile, in: Paths.directory(mainFile))
        state.watch(path)
        var file: JSONValue?
        if Files.kind(path) != nil {
            let text = String(decoding: try readWatched(path), as: UTF8.self)
            file = try JSONValue(parsing: text, source: display(path))
            guard file?.object != nil else { throw SpecFault("\(display(path)) is no JSON object") }
        }
        return try arguments.values(request.arguments, file: file, fileName: display(path))
    }

    /// - Throws: code `.usage` when the user gave arguments that the spec has not looked at.
    func checkArguments() throws {
        guard let first = request.arguments.first, !arguments.isParsed else { return }
        throw DevloopError(
            .usage, "the spec takes no arguments, but \"\(first)\" was given after --",
            hint: "a spec reads them with config.parse()")
    }
}
