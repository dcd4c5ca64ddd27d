// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func sessionBuiltins() -> [Builtin] {
        [
            define("allow_k8s_contexts", "contexts") { evaluator, call in
                evaluator.state.settings.allowedContexts += try call.arguments.strings(0, "contexts")
                return .none
            },
            define("k8s_context") { evaluator, _ in .string(evaluator.request.context?.name ?? "") },
            define("k8s_namespace") { evaluator, _ in .string(evaluator.request.context?.namespace ?? "default") },
            define("fail", "msg") { _, call in
                throw DevloopError(.spec, call.arguments[0]?.str() ?? "")
            },
            define("exit", "code?") { _, _ in throw ExitSignal() },
            define("warn", "msg") { evaluator, call in
                let message = call.arguments[0]?.str() ?? ""
                evaluator.state.warnings.append(PlanWarning(message, at: call.location))
                return .none
            },
            define("trigger_mode", "trigger_mode") { evaluator, call in
                guard let mode = try call.arguments.triggerMode(0) else { throw SpecFault("trigger_mode is None") }
                if let first = evaluator.state.triggerModePlace {
                    throw SpecFault("can be called once only", hint: "it was called at \(first)")
                }
                evaluator.state.triggerMode = mode
                evaluator.state.triggerModePlace = call.location
                return .none
            },
            define("update_settings", "max_parallel_updates?", "suppress_unused_image_warnings?") { evaluator, call in
                if let count = try call.arguments.int(0, "max_parallel_updates") {
                    guard count > 0 else { throw SpecFault("max_parallel_updates must be at least 1, got \(count)") }
                    evaluator.state.settings.maximumParallelUpdates = count
                }
                evaluator.state.silentUnusedImages += try call.arguments.strings(1, "suppress_unused_image_warnings")
                return .none
            },
            define("ci_settings", "timeout?", "readiness_timeout?") { evaluator, call in
                if let seconds = try Self.duration(call.arguments, 0, "timeout") {
                    evaluator.state.settings.ciTimeout = seconds
                }
                if let seconds = try Self.duration(call.arguments, 1, "readiness_timeout") {
                    evaluator.state.settings.ciReadinessTimeout = seconds
                }
                return .none
            },
        ]
    }

    private static func duration(_ arguments: [Value?], _ index: Int, _ parameter: String) throws -> Double? {
        guard arguments.given(index) != nil else { return nil }
        let text = try arguments.string(index, parameter)
        guard let seconds = GoDuration.seconds(text) else {
            throw SpecFault("\(parameter) \"\(text)\" is no duration", hint: "such as 90s, 30m or 1h30m")
        }
        return seconds
    }
}
