// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Starlark

extension Evaluator {
    func sessionBuiltins() -> [Builtin] {
        [
            define("allow_k8s_contexts", "contexts") { evaluator, call in
                evaluator.state.settings.allowedContexts += try call.strings("contexts")
                return .none
            },
            define("k8s_context") { evaluator, _ in .string(evaluator.request.context?.name ?? "") },
            define("k8s_namespace") { evaluator, _ in .string(evaluator.request.context?.namespace ?? "default") },
            define("fail", "msg") { _, call in throw DevloopError(.spec, call.raw("msg")?.str() ?? "") },
            define("exit", "code?") { _, _ in throw ExitSignal() },
            define("warn", "msg") { evaluator, call in
                let message = call.raw("msg")?.str() ?? ""
                evaluator.state.warnings.append(PlanWarning(message, at: call.location))
                return .none
            },
            define("trigger_mode", "trigger_mode") { evaluator, call in
                guard let mode = try call.triggerMode() else { throw SpecFault("trigger_mode is None") }
                if let first = evaluator.state.triggerModePlace {
                    throw SpecFault("can be called once only", hint: "it was called at \(first)")
                }
                evaluator.state.triggerMode = mode
                evaluator.state.triggerModePlace = call.location
                return .none
            },
        ]
    }

    /// Settings of the session as a whole; several calls add up, the last one of each value counts.
    func settingsBuiltins() -> [Builtin] {
        [
            define(
                "update_settings", "max_parallel_updates?", "k8s_upsert_timeout_secs?",
                "suppress_unused_image_warnings?", "k8s_server_side_apply?"
            ) { evaluator, call in
                try evaluator.changeUpdateSettings(call)
                return .none
            },
            define("ci_settings", "k8s_grace_period?", "timeout?", "readiness_timeout?") { evaluator, call in
                if let seconds = try Self.duration(call, "k8s_grace_period") {
                    evaluator.state.settings.ciGracePeriod = seconds
                }
                if let seconds = try Self.duration(call, "timeout") { evaluator.state.settings.ciTimeout = seconds }
                if let seconds = try Self.duration(call, "readiness_timeout") {
                    evaluator.state.settings.ciReadinessTimeout = seconds
                }
                return .none
            },
            define("watch_settings", "ignore?", "settle?", "settle_limit?") { evaluator, call in
                let patterns = try call.strings("ignore")
                evaluator.state.settings.watchIgnored.add(patterns, relativeTo: evaluator.currentDirectory)
                try evaluator.changeSettleTimes(call)
                return .none
            },
            define("secret_settings", "disable_scrub?") { evaluator, call in
                if let isOff = try call.bool("disable_scrub") { evaluator.state.settings.scrubsSecrets = !isOff }
                return .none
            },
        ]
    }

    private func changeUpdateSettings(_ call: BuiltinCall) throws {
        if let count = try call.int("max_parallel_updates") {
            guard count > 0 else { throw SpecFault("max_parallel_updates must be at least 1, got \(count)") }
            state.settings.maximumParallelUpdates = count
        }
        if let seconds = try call.int("k8s_upsert_timeout_secs") {
            guard seconds > 0 else { throw SpecFault("k8s_upsert_timeout_secs must be at least 1, got \(seconds)") }
            state.settings.applyTimeout = Double(seconds)
        }
        state.silentUnusedImages += try call.strings("suppress_unused_image_warnings")
        if let value = call.value("k8s_server_side_apply") {
            let text = value.asString ?? value.str().lowercased()
            guard ["auto", "true", "false"].contains(text) else {
                throw SpecFault("k8s_server_side_apply must be \"auto\", \"true\" or \"false\", got \(value.repr())")
            }
            if text == "false" { notice("k8s_server_side_apply='false' of update_settings", call) }
        }
    }

    private func changeSettleTimes(_ call: BuiltinCall) throws {
        let settle = try Self.duration(call, "settle")
        let limit = try Self.duration(call, "settle_limit")
        // A person would take longer for a devloop that is broken.
        for (name, seconds) in [("settle", settle), ("settle_limit", limit)] {
            guard let seconds else { continue }
            guard seconds >= 0.001, seconds <= 10 else {
                throw SpecFault(
                    "\(name) must be from 1ms to 10s", hint: "unless said, settle is 10ms and settle_limit 150ms")
            }
        }
        var settings = state.settings
        if let settle { settings.settle = settle }
        settings.settleLimit = limit ?? max(settings.settleLimit, settings.settle)
        guard settings.settle <= settings.settleLimit else {
            throw SpecFault(
                "settle_limit must be at least settle", hint: "a save is complete at settle_limit at the latest")
        }
        state.settings = settings
    }

    /// Tells once that something is accepted and does nothing here.
    func notice(_ what: String, _ call: BuiltinCall) { notice(what, at: call.location) }

    func notice(_ what: String, at location: SourceLocation?) {
        guard state.noticed.insert(what).inserted else { return }
        state.warnings.append(PlanWarning("\(what) has no effect in devloop", at: location))
    }

    private static func duration(_ call: BuiltinCall, _ parameter: String) throws -> Double? {
        guard let value = call.value(parameter) else { return nil }
        if let seconds = value.asInt, seconds >= 0 { return Double(seconds) }
        let text = try call.string(parameter)
        guard let seconds = GoDuration.seconds(text) else {
            throw SpecFault("\(parameter) \"\(text)\" is no duration", hint: "such as 90s, 30m or 1h30m")
        }
        return seconds
    }
}
