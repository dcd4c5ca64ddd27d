// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func liveUpdateBuiltins() -> [Builtin] {
        [
            define("sync", "local_path", "remote_path") { evaluator, call in
                let remote = try call.arguments.string(1, "remote_path")
                guard Paths.isAbsolute(remote) else { throw SpecFault("destination \"\(remote)\" is not absolute") }
                let source = evaluator.absolute(try call.arguments.string(0, "local_path"))
                return evaluator.step(.sync(FileMapping(source: source, destination: Paths.clean(remote))), call)
            },
            define("run", "cmd", "trigger?", "echo_off?") { evaluator, call in
                guard let command = try evaluator.command(call.arguments[0], "cmd") else {
                    throw SpecFault("cmd is empty")
                }
                _ = try call.arguments.bool(2, "echo_off")
                let triggers = try call.arguments.strings(1, "trigger").map(evaluator.absolute)
                return evaluator.step(.run(arguments: command.arguments, triggers: triggers), call)
            },
            define("fall_back_on", "files") { evaluator, call in
                let files = try call.arguments.strings(0, "files").map(evaluator.absolute)
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
    /// - Parameter deps: what the image is watched by; a sync or fall-back outside of it would never be seen.
    func liveUpdate(_ value: Value?, deps: [String]? = nil) throws -> [LiveUpdateStep] {
        guard let value else { return [] }
        let elements = (try? value.iterate()) ?? [value]
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
            if let deps,
                let outside = step.sources.first(where: { path in !deps.contains { Paths.isInside(path, $0) } })
            {
                throw DevloopError(
                    .spec,
                    "\(step.typeName): \"\(display(outside))\" is outside of deps, so that no change of it is seen",
                    at: step.location, hint: "add it to deps of the image")
            }
            step.isUsed = true
            steps.append(step)
        }
        return steps.map(\.step)
    }
}

extension LiveUpdateValue {
    /// Absolute paths whose changes the step is about.
    fileprivate var sources: [String] {
        switch step {
        case .sync(let mapping): [mapping.source]
        case .fallBackOn(let files): files
        case .run, .restart, .initialSync: []
        }
    }
}
