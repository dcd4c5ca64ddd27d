// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import ProcessRunner
import Starlark

extension Evaluator {
    func localBuiltins() -> [Builtin] {
        [
            define(
                "local_resource", "name", "cmd?", "deps?", "trigger_mode?", "resource_deps?", "ignore?", "auto_init?",
                "serve_cmd?", "cmd_bat?", "serve_cmd_bat?", "allow_parallel?", "links?", "labels?", "env?",
                "serve_env?", "dir?", "serve_dir?"
            ) { evaluator, call in
                try evaluator.addLocalResource(call)
                return .none
            },
            define("local", "command", "quiet?", "command_bat?", "echo_off?", "env?", "dir?", "stdin?") {
                evaluator, call in
                .foreign(try evaluator.runLocal(call))
            },
        ]
    }

    /// A command out of a string, which a shell reads, or a list, which is run as it is; nil for an empty one.
    func command(
        _ value: Value?, _ parameter: String, environment: [String: String] = [:], directory: Value? = nil
    ) throws -> Command? {
        guard let value, !value.isNone else { return nil }
        let arguments: [String]
        if let text = value.text {
            arguments = text.isEmpty ? [] : ["sh", "-c", text]
        } else {
            arguments = try value.strings(parameter)
        }
        guard !arguments.isEmpty else { return nil }
        guard let directory else {
            return Command(arguments: arguments, directory: currentDirectory, environment: environment)
        }
        guard let path = directory.asString else { throw SpecFault("dir must be a string, got \(directory.typeName)") }
        return Command(arguments: arguments, directory: absolute(path), environment: environment)
    }

    /// The Windows forms of commands (`cmd_bat`, `serve_cmd_bat`) are accepted and mean nothing here, as in Tilt.
    private func addLocalResource(_ call: BuiltinCall) throws {
        let arguments = call.arguments
        let name = try arguments.string(0, "name")
        guard !name.isEmpty else { throw SpecFault("name is empty") }
        var local = LocalResource(
            command: try command(
                arguments[1], "cmd", environment: arguments.dictionary(13, "env"), directory: arguments.given(15)),
            serveCommand: try command(
                arguments[7], "serve_cmd", environment: arguments.dictionary(14, "serve_env"),
                directory: arguments.given(16)))
        guard local.command != nil || local.serveCommand != nil else {
            throw SpecFault("neither cmd nor serve_cmd is given", hint: "give one of them, or both")
        }
        local.deps = try arguments.strings(2, "deps").map(absolute)
        local.ignore = try arguments.strings(5, "ignore")
        local.allowParallel = try arguments.bool(10, "allow_parallel") ?? false
        if let first = state.locals.first(where: { $0.resource.name == name }) {
            throw SpecFault(
                "local_resource named \"\(name)\" already exists",
                hint: first.resource.location.map { "it is there since \($0)" })
        }
        var resource = Resource(name: name, kind: .local(local))
        resource.dependencies = try arguments.strings(4, "resource_deps")
        resource.autoInit = try arguments.bool(6, "auto_init") ?? true
        resource.links = try arguments.links(11)
        resource.labels = try arguments.labels(12)
        resource.location = call.location
        state.locals.append(SpecState.LocalOptions(resource: resource, triggerMode: try arguments.triggerMode(3)))
    }

    /// Refuses before anything runs when the session's context is neither local nor allowed so far; without a context
    /// there is nothing to protect.
    private func checkContext(_ call: BuiltinCall) throws {
        guard let context = request.context, !context.isLocal,
            !state.settings.allowedContexts.contains(context.name)
        else { return }
        throw SpecFault(
            "refused, because \"\(context.name)\" may be a production cluster",
            hint: "call allow_k8s_contexts(\"\(context.name)\") before it if you are sure, or switch the context")
    }

    private func runLocal(_ call: BuiltinCall) throws -> Blob {
        try checkContext(call)
        let arguments = call.arguments
        guard
            let command = try command(
                arguments[0], "command", environment: arguments.dictionary(4, "env"), directory: arguments.given(5))
        else { throw SpecFault("command is empty") }
        let isShell = arguments[0]?.text != nil
        let shown = isShell ? command.arguments.last ?? "" : command.arguments.joined(separator: " ")
        if try arguments.bool(3, "echo_off") != true { output.append("local: \(shown)") }
        var process = ProcessCommand(
            command.arguments, directory: command.directory,
            environment: .inherit(adding: state.environment.merging(command.environment) { $1 }))
        if let input = arguments.given(6) {
            guard let text = input.text else {
                throw SpecFault("stdin must be a string or a blob, got \(input.typeName)")
            }
            process.stdin = .bytes(Array(text.utf8))
        }
        let result: ProcessResult
        do {
            result = try control.wait { [process] in try await ProcessRunner.run(process) }
        } catch let error as DevloopError {
            // That the program cannot be started is a fault of the spec, and ends as one.
            throw SpecFault(error.message, hint: error.hint)
        }
        guard result.status.isSuccess else {
            let lines = result.errorText.split(separator: "\n").suffix(10).map { "\n  \($0)" }.joined()
            throw SpecFault("\"\(shown)\" failed: \(result.status)\(lines)")
        }
        if try arguments.bool(1, "quiet") != true {
            output += result.outputText.split(separator: "\n").map { " → \($0)" }
        }
        return Blob(result.outputText, source: "local: \(shown)")
    }
}
