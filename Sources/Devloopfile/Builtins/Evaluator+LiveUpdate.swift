// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func liveUpdateBuiltins() -> [Builtin] {
        [
            define("sync", "local_path", "remote_path") { evaluator, call in
                let remote = try call.string("remote_path")
                guard Paths.isAbsolute(remote) else { throw SpecFault("destination \"\(remote)\" is not absolute") }
                let source = evaluator.absolute(try call.string("local_path"))
                return evaluator.step(.sync(FileMapping(source: source, destination: Paths.clean(remote))), call)
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
            define("restart_container") { evaluator, call in evaluator.step(.restart, call) },
            define("initial_sync") { evaluator, call in evaluator.step(.initialSync, call) },
        ]
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
