// SPDX-License-Identifier: Apache-2.0

import Plan
import Starlark

extension Evaluator {
    func probeBuiltins() -> [Builtin] {
        [
            define(
                "probe", "initial_delay_secs?", "timeout_secs?", "period_secs?", "success_threshold?",
                "failure_threshold?", "exec?", "http_get?", "tcp_socket?"
            ) { _, call in
                .foreign(ProbeValue(try Self.probe(call)))
            },
            define("exec_action", "command") { _, call in
                let command = try call.strings("command")
                guard !command.isEmpty else { throw SpecFault("command is empty") }
                return .foreign(ProbeActionValue(.exec(command)))
            },
            define("http_get_action", "port", "host?", "scheme?", "path?") { _, call in
                let scheme = try call.string("scheme", default: "http").lowercased()
                guard scheme == "http" || scheme == "https" else {
                    throw SpecFault("scheme must be \"http\" or \"https\", got \"\(scheme)\"")
                }
                return .foreign(
                    ProbeActionValue(
                        .httpGet(
                            scheme: scheme, host: try call.string("host", default: "localhost"),
                            port: try Self.probePort(call), path: try call.string("path", default: ""))))
            },
            define("tcp_socket_action", "port", "host?") { _, call in
                .foreign(
                    ProbeActionValue(
                        .tcpSocket(
                            host: try call.string("host", default: "localhost"), port: try Self.probePort(call))))
            },
        ]
    }

    private static func probePort(_ call: BuiltinCall) throws -> Int {
        guard let port = try call.int("port"), (1...65535).contains(port) else {
            throw SpecFault("port must be between 1 and 65535, got \(call.raw("port")?.repr() ?? "None")")
        }
        return port
    }

    private static func probe(_ call: BuiltinCall) throws -> Probe {
        let actions = try ["exec", "http_get", "tcp_socket"].compactMap { name -> Probe.Action? in
            guard let value = call.value(name) else { return nil }
            guard let action = value.asForeign(ProbeActionValue.self) else {
                throw SpecFault("\(name) must be an action, got \(value.typeName)", hint: "\(name)=\(name)_action(...)")
            }
            return action.action
        }
        guard let action = actions.first, actions.count == 1 else {
            throw SpecFault("exactly one of exec, http_get and tcp_socket must be given")
        }
        func number(_ name: String, _ initial: Int, from least: Int) throws -> Int {
            let number = try call.int(name) ?? initial
            guard number >= least else { throw SpecFault("\(name) must be at least \(least), got \(number)") }
            return number
        }
        var probe = Probe(action)
        probe.initialDelay = try number("initial_delay_secs", probe.initialDelay, from: 0)
        probe.timeout = try number("timeout_secs", probe.timeout, from: 1)
        probe.period = try number("period_secs", probe.period, from: 1)
        probe.successThreshold = try number("success_threshold", probe.successThreshold, from: 1)
        probe.failureThreshold = try number("failure_threshold", probe.failureThreshold, from: 1)
        return probe
    }
}
