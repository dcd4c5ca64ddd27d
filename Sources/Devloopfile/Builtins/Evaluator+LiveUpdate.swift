// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func liveUpdateBuiltins() -> [Builtin] {
        [
            define("sync", "local_path", "remote_path?", "policy?", "signal?") { evaluator, call in
                let policy = try evaluator.policy(call)
                let source = evaluator.absolute(try call.string("local_path"))
                guard policy.isSynced else {
                    guard call.value("remote_path") == nil else {
                        throw SpecFault("remote_path means nothing with policy \"\(policy.name)\"")
                    }
                    return evaluator.step(.sync(FileMapping(source: source, destination: "", policy: policy)), call)
                }
                guard call.raw("remote_path") != nil else { throw SpecFault("missing argument for remote_path") }
                let remote = try call.string("remote_path")
                guard Paths.isAbsolute(remote) else { throw SpecFault("destination \"\(remote)\" is not absolute") }
                let mapping = FileMapping(source: source, destination: Paths.clean(remote), policy: policy)
                return evaluator.step(.sync(mapping), call)
            },
            define("run", "cmd", "trigger?", "echo_off?") { evaluator, call in
                guard let command = try evaluator.command(call.raw("cmd"), "cmd") else {
                    throw SpecFault("cmd is empty")
                }
                _ = try call.bool("echo_off")
                let triggers = try call.strings("trigger").map(evaluator.absolute)
                return evaluator.step(.run(arguments: command.arguments, triggers: triggers), call)
            },
            define("fall_back_on", "files") { evaluator, call in
                let files = try call.strings("files").map(evaluator.absolute)
                return evaluator.step(.fallBackOn(files), call)
            },
            define("restart_container", "trigger?") { evaluator, call in
                let triggers = try call.strings("trigger").map(evaluator.absolute)
                return evaluator.step(triggers.isEmpty ? .restart : .restartOn(triggers), call)
            },
            define("initial_sync") { evaluator, call in evaluator.step(.initialSync, call) },
        ]
    }

    /// What a change of a synced file asks for.
    private func policy(_ call: BuiltinCall) throws -> SyncPolicy {
        let name = try call.string("signal", default: "")
        let word = try call.string("policy", default: "sync")
        let policies: [SyncPolicy] = [.sync, .restart, .build, .ignore]
        guard let policy = policies.first(where: { $0.name == word }) else {
            throw SpecFault(
                "there is no policy \"\(word)\"",
                hint: "policies: \(policies.map(\.name).joined(separator: ", "))")
        }
        guard !name.isEmpty else { return policy }
        guard let signal = ProcessSignal(name) else {
            throw SpecFault(
                "there is no signal \"\(name)\" that a program can handle",
                hint: "signals: \(ProcessSignal.names.joined(separator: ", "))")
        }
        guard policy == .sync else {
            throw SpecFault("signal means nothing with policy \"\(word)\"", hint: "leave one of them out")
        }
        return .signal(signal)
    }

    private func step(_ step: LiveUpdateStep, _ call: BuiltinCall) -> Value {
        let value = LiveUpdateValue(step, at: call.location)
        state.steps.append(value)
        return .foreign(value)
    }

    /// The steps of an image, in an order that makes sense: `initial_sync` first and once, then `fall_back_on`, every
    /// `sync` before any `run`, `restart_container` last.
    func liveUpdate(_ value: Value?) throws -> [LiveUpdateStep] {
        guard let value else { return [] }
        let elements = value.asForeign(LiveUpdateValue.self) == nil ? (try? value.iterate()) ?? [value] : [value]
        var steps: [LiveUpdateValue] = []
        for element in elements {
            guard let step = element.asForeign(LiveUpdateValue.self) else {
                throw SpecFault(
                    "live_update must hold steps, got \(element.typeName)",
                    hint: "sync(...), run(...), fall_back_on(...), restart_container() or initial_sync()")
            }
            if let last = steps.last,
                last.rank > step.rank || (step.rank == 0 || step.rank == 4) && last.rank == step.rank
            {
                throw SpecFault(
                    "live_update has \(step.typeName) after \(last.typeName)",
                    hint: "order: initial_sync, fall_back_on, sync, run, restart_container")
            }
            step.isUsed = true
            steps.append(step)
        }
        return steps.map(\.step)
    }
}
