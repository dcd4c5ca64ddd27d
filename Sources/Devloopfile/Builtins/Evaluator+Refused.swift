// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Starlark

/// Names of Tilt that mean nothing here: some are accepted, some are refused in words that say what to use.
extension Evaluator {
    /// Settings of Tilt's own house: whatever they are given, they do nothing, and say so once.
    private static let housekeeping = [
        "analytics_settings", "disable_feature", "disable_snapshots", "docker_prune_settings", "enable_feature",
        "experimental_analytics_report", "experimental_metrics_settings", "experimental_telemetry_cmd",
        "k8s_resource_assembly_version", "set_team", "version_settings",
    ]

    private static let refused: [(name: String, hint: String)] = [
        (
            "docker_compose",
            "describe the services with k8s_yaml, or run compose beside it with local_resource(serve_cmd=...)"
        ),
        ("dc_resource", "describe the services with k8s_yaml, and their options with k8s_resource"),
    ]

    func housekeepingBuiltins() -> [Builtin] {
        Self.housekeeping.map { name in
            Builtin(name) { [unowned self] thread, _ in
                notice(name, at: place(thread))
                return .none
            }
        }
    }

    func refusedBuiltins() -> [Builtin] {
        Self.refused.map { name, hint in
            Builtin(name) { _, _ in
                throw DevloopError(.spec, "\(name): Docker Compose is not supported", hint: hint)
            }
        }
    }

    /// `module(name, **members)`: a named collection of members.
    static func moduleConstructor() -> Builtin {
        Builtin("module") { _, arguments in
            guard arguments.positional.count == 1, let name = arguments.positional[0].asString else {
                throw StarlarkError("module: got \(arguments.positional.count) arguments, want a name")
            }
            return .object(
                StarlarkModule(name, Dictionary(arguments.keywords.map { ($0.name, $0.value) }) { $1 }))
        }
    }
}
