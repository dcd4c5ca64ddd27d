// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import KubeClient

/// What `devloop doctor` found.
package struct DoctorReport: Sendable, Equatable {
    /// One thing that was looked at.
    package struct Check: Sendable, Equatable {
        package enum State: String, Sendable {
            case ok
            /// Works, and may be trouble.
            case warning
            /// Missing or broken, and needed.
            case broken
            /// Missing, and not needed by this Devloopfile.
            case unused
        }

        package var name: String
        package var state: State
        package var message: String
        package var hint: String?

        package init(_ name: String, _ state: State, _ message: String, hint: String? = nil) {
            self.name = name
            self.state = state
            self.message = message
            self.hint = hint
        }
    }

    /// Name and value, in order: the context, the server, each node.
    package var cluster: [(name: String, value: String)] = []
    package var decision: DeliveryDecision?
    package var checks: [Check] = []
    /// Why the cluster could not be asked.
    package var clusterError: DevloopError?

    package init() {}

    package static func == (left: DoctorReport, right: DoctorReport) -> Bool { left.json == right.json }

    /// 4 when the cluster cannot be reached, 1 when something needed is broken.
    package var exit: ExitStatus {
        if let clusterError, clusterError.code.exit == .cluster { return .cluster }
        return clusterError != nil || checks.contains { $0.state == .broken } ? .workFailed : .ok
    }

    /// For people.
    package var text: String {
        var lines = cluster.map { "\(pad($0.name)) \($0.value)" }
        if let clusterError {
            lines.append("\(pad("cluster")) not asked: \(clusterError.description)")
            if let hint = clusterError.hint { lines.append("\(pad(""))   hint: \(hint)") }
        }
        if let decision {
            lines.append("\(pad("images")) \(decision.summary)")
            for candidate in decision.candidates where candidate != decision.chosen {
                let word = candidate.way == nil ? "not" : "also"
                lines.append("\(pad("")) \(word) \(candidate.name): \(candidate.reason)")
            }
        }
        for check in checks {
            let word = check.state == .ok ? "" : "\(check.state.rawValue): "
            lines.append("\(pad(check.name)) \(word)\(check.message)")
            if let hint = check.hint, check.state != .ok { lines.append("\(pad(""))   hint: \(hint)") }
        }
        return lines.joined(separator: "\n")
    }

    private func pad(_ name: String) -> String {
        name + String(repeating: " ", count: max(0, 14 - name.count))
    }

    /// For programs.
    package var json: JSONValue {
        let candidates = (decision?.candidates ?? []).map { candidate -> JSONValue in
            [
                "name": .string(candidate.name), "usable": .bool(candidate.way != nil),
                "reason": .string(candidate.reason),
            ]
        }
        return [
            "cluster": .array(cluster.map { ["name": .string($0.name), "value": .string($0.value)] }),
            "error": clusterError.map { error in
                [
                    "code": .string(error.code.name), "message": .string(error.description),
                    "hint": error.hint.map(JSONValue.string) ?? .null,
                ]
            } ?? .null,
            "delivery": [
                "way": decision?.chosen.map { .string($0.name) } ?? .null,
                "reason": decision?.chosen.map { .string($0.reason) } ?? .null, "candidates": .array(candidates),
            ],
            "checks": .array(
                checks.map { check in
                    [
                        "name": .string(check.name), "state": .string(check.state.rawValue),
                        "message": .string(check.message), "hint": check.hint.map(JSONValue.string) ?? .null,
                    ]
                }),
            "exit": .int(Int(exit.rawValue)),
        ]
    }
}
