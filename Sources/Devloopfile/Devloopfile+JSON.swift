// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

extension Devloopfile {
    /// The answer of `devloop plan --json`. Paths are relative to the spec's directory where they lie below it; local
    /// resources have the same members as others, so that readers need no cases.
    package static func json(_ evaluation: Evaluation) -> JSONValue {
        let base = evaluation.file.map(Paths.directory) ?? "/"
        let plan = evaluation.plan
        let watched = evaluation.watchedFiles.map { JSONValue.string(display($0, base: base)) }
        return [
            "resources": .array(plan?.resources.map(json) ?? []),
            "images": .array(plan?.images.filter { $0.foreign == nil }.map { json($0, base: base) } ?? []),
            "warnings": .array(plan?.warnings.map { .string(text($0)) } ?? []),
            "watched_files": .array(watched),
            "error": evaluation.error.map(json) ?? .null,
        ]
    }

    private static func display(_ path: String, base: String) -> String {
        path == base ? "." : Paths.display(path, from: base)
    }

    private static func json(_ resource: Resource) -> JSONValue {
        let kubernetes = resource.kubernetes
        return [
            "name": .string(resource.name),
            "kind": .string(kind(resource)),
            "images": strings(kubernetes?.madeImages ?? []),
            "objects": strings(kubernetes?.objects.map(\.shortName) ?? []),
            "resource_deps": strings(resource.dependencies),
            "labels": strings(resource.labels),
            "trigger_mode": .string(resource.triggerMode.rawValue),
            "auto_init": .bool(resource.autoInit),
            "port_forwards": strings(kubernetes?.portForwards.map(text) ?? []),
            "links": strings(resource.links.map(\.url)),
        ]
    }

    private static func json(_ image: Image, base: String) -> JSONValue {
        [
            "ref": .string(image.ref),
            "builder": .string(builder(image)),
            "live_update": .array(image.liveUpdate.map { json($0, base: base) }),
        ]
    }

    /// The word for a resource's kind (design §4.2).
    package static func kind(_ resource: Resource) -> String {
        switch resource.kind {
        case .local: "local"
        case .k8s(let kubernetes) where kubernetes.syncTarget != nil: "sync_resource"
        case .k8s(let kubernetes): kubernetes.customDeploy == nil ? "k8s" : "k8s_custom_deploy"
        }
    }

    private static func builder(_ image: Image) -> String {
        switch image.builder {
        case .swift: "swift"
        case .docker: "docker"
        case .custom: "custom"
        case .foreign: "foreign"
        }
    }

    private static func json(_ step: LiveUpdateStep, base: String) -> JSONValue {
        func paths(_ paths: [String]) -> JSONValue { strings(paths.map { display($0, base: base) }) }
        switch step {
        case .sync(let mapping):
            let source = display(mapping.source, base: base)
            var step: JSONObject = ["step": "sync", "source": .string(source)]
            if mapping.policy.isSynced { step["destination"] = .string(mapping.destination) }
            if mapping.policy.name != "sync" { step["policy"] = .string(mapping.policy.name) }
            if let signal = mapping.policy.signal { step["signal"] = .string(signal.name) }
            return .object(step)
        case .run(let arguments, let triggers):
            return ["step": "run", "command": strings(arguments), "triggers": paths(triggers)]
        case .fallBackOn(let files): return ["step": "fall_back_on", "files": paths(files)]
        case .restart: return ["step": "restart_container"]
        case .restartOn(let files): return ["step": "restart_container", "triggers": paths(files)]
        case .initialSync: return ["step": "initial_sync"]
        }
    }

    private static func json(_ error: DevloopError) -> JSONValue {
        [
            "message": .string(error.message),
            "file": error.location.map { .string($0.file) } ?? .null,
            "line": error.location?.line.map(JSONValue.int) ?? .null,
            "column": error.location?.column.map(JSONValue.int) ?? .null,
            "backtrace": strings(error.backtrace),
        ]
    }

    private static func text(_ warning: PlanWarning) -> String {
        warning.location.map { "\($0): \(warning.message)" } ?? warning.message
    }

    private static func text(_ forward: PortForward) -> String {
        forward.host == "localhost" ? forward.shortText : "\(forward.host):\(forward.shortText)"
    }

    private static func strings(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
}
