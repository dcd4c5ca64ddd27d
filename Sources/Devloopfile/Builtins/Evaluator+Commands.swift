// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import ProcessRunner
import Starlark

extension Evaluator {
    /// Seconds that a command of the spec may take unless it says otherwise; a spec that hangs is a session that hangs.
    private static let defaultTimeout = 600
    /// Bytes that a command of the spec may write.
    private static let outputLimit = 64 << 20

    func localBuiltins() -> [Builtin] {
        let parameters = [
            "name", "cmd?", "deps?", "trigger_mode?", "resource_deps?", "ignore?", "auto_init?",
            "serve_cmd?", "cmd_bat?", "serve_cmd_bat?", "allow_parallel?", "links?", "labels?", "env?",
            "serve_env?", "readiness_probe?", "dir?", "serve_dir?", "after?", "rebuilt_by?",
        ]
        return [
            define("local_resource", parameters: parameters) { evaluator, call in
                try evaluator.addLocalResource(call)
                return .none
            },
            // The old name, with two parameters of its own that meant nothing in the end.
            define("test", parameters: parameters + ["tags?", "timeout?"]) { evaluator, call in
                try evaluator.addLocalResource(call)
                return .none
            },
            define(
                "local", "command", "quiet?", "command_bat?", "echo_off?", "env?", "dir?", "stdin?", "timeout?"
            ) { evaluator, call in
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
        let name = try call.string("name")
        guard !name.isEmpty else { throw SpecFault("name is empty") }
        var local = LocalResource(
            command: try command(
                call.raw("cmd"), "cmd", environment: call.dictionary("env"), directory: call.value("dir")),
            serveCommand: try command(
                call.raw("serve_cmd"), "serve_cmd", environment: call.dictionary("serve_env"),
                directory: call.value("serve_dir")))
        guard local.command != nil || local.serveCommand != nil else {
            throw SpecFault("neither cmd nor serve_cmd is given", hint: "give one of them, or both")
        }
        local.deps = try call.strings("deps").map(absolute)
        local.ignored.add(try call.strings("ignore"), relativeTo: currentDirectory)
        local.allowParallel = try call.bool("allow_parallel") ?? false
        if let value = call.value("readiness_probe") {
            guard let probe = value.asForeign(ProbeValue.self) else {
                throw SpecFault("readiness_probe must be a probe, got \(value.typeName)", hint: "probe(http_get=...)")
            }
            guard local.serveCommand != nil else { throw SpecFault("readiness_probe needs a serve_cmd") }
            local.readinessProbe = probe.probe
        }
        if let first = state.locals.first(where: { $0.resource.name == name }) {
            throw SpecFault(
                "local_resource named \"\(name)\" already exists",
                hint: first.resource.location.map { "it is there since \($0)" })
        }
        var resource = Resource(name: name, kind: .local(local))
        resource.dependencies = try call.strings("resource_deps")
        resource.after = try call.strings("after")
        resource.rebuiltBy = try call.strings("rebuilt_by")
        resource.autoInit = try call.bool("auto_init") ?? true
        resource.links = try call.links()
        resource.labels = try call.labels()
        resource.location = call.location
        state.locals.append(SpecState.LocalOptions(resource: resource, triggerMode: try call.triggerMode()))
    }

    /// Refuses before anything runs when the session's context is neither local nor allowed so far; without a context
    /// there is nothing to protect.
    func checkContext() throws {
        guard let context = request.context, !context.isLocal,
            !state.settings.allowedContexts.contains(context.name)
        else { return }
        throw SpecFault(
            "refused, because \"\(context.name)\" may be a production cluster",
            hint: "call allow_k8s_contexts(\"\(context.name)\") before it if you are sure, or switch the context")
    }

    private func runLocal(_ call: BuiltinCall) throws -> Blob {
        let value = call.raw("command")
        guard
            let command = try command(
                value, "command", environment: call.dictionary("env"), directory: call.value("dir"))
        else { throw SpecFault("command is empty") }
        let shown = value?.text ?? command.arguments.joined(separator: " ")
        if try call.bool("echo_off") != true { output.append("local: \(shown)") }
        let seconds = try call.int("timeout") ?? Self.defaultTimeout
        guard seconds > 0 else { throw SpecFault("timeout must be at least 1, got \(seconds)") }
        let input = try call.text("stdin")
        let result = try run(command, shown: shown, input: input, timeout: .seconds(seconds))
        if try call.bool("quiet") != true {
            output += result.split(separator: "\n").map { " → \($0)" }
        }
        return Blob(result, source: "local: \(shown)")
    }

    /// Runs a command of the spec to its end, after the guard has let it pass.
    /// - Parameter shown: how messages name it.
    /// - Returns: its standard output.
    /// - Throws: `SpecFault` when it is refused, cannot be started, fails, takes too long or writes too much.
    func run(
        _ command: Command, shown: String, input: String? = nil, timeout: Duration = .seconds(defaultTimeout)
    ) throws -> String {
        try checkContext()
        let kept = variables.filter { !command.unset.contains($0.key) }
        var process = ProcessCommand(
            command.arguments, directory: command.directory,
            environment: .exact(kept.merging(command.environment) { $1 }))
        if let input { process.stdin = .bytes(Array(input.utf8)) }
        let result: ProcessResult?
        do {
            result = try control.wait { [process, sleep] in
                try await withThrowingTaskGroup(of: ProcessResult?.self) { group in
                    group.addTask { try await ProcessRunner.run(process, outputLimit: Self.outputLimit) }
                    group.addTask {
                        try await sleep(timeout)
                        return nil
                    }
                    defer { group.cancelAll() }
                    return try await group.next() ?? nil
                }
            }
        } catch let error as DevloopError {
            // That the program cannot be started is a fault of the spec, and ends as one.
            throw SpecFault(error.message, hint: error.hint)
        }
        guard let result else {
            throw SpecFault(
                "\"\(shown)\" was ended after \(timeout.components.seconds) seconds",
                hint: "local(..., timeout=SECONDS) gives it more")
        }
        guard result.status.isSuccess else {
            let lines = result.errorText.split(separator: "\n").suffix(10).map { "\n  \($0)" }.joined()
            throw SpecFault("\"\(shown)\" failed: \(result.status)\(lines)")
        }
        return result.outputText
    }
}
