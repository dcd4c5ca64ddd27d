// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What is done about one object; decided from the object as it would be sent and as the server has it. Pure.
package enum ApplyAction: Sendable, Equatable {
    case create
    case update
    /// Nothing: the server has it as it is.
    case keep
    /// Nothing: the Job has ended well, and was cleared away since.
    case rest
    /// Deleted and created, for this reason.
    case replace(String)
    /// It is on its way out; what is applied to it now would vanish with it.
    case waitForEnd

    /// - Parameters:
    ///   - before: nil when the server has no such object.
    ///   - isForced: the user asked for it: applied though nothing changed, and what runs once runs again.
    ///   - hasSucceeded: the same Job has ended well before.
    package static func decide(
        _ wanted: JSONValue, before: JSONValue?, isForced: Bool, hasSucceeded: Bool = false, manager: String
    ) -> ApplyAction {
        guard let before else { return hasSucceeded && !isForced && wanted["kind"] == "Job" ? .rest : .create }
        if before.at("metadata", "deletionTimestamp") != nil { return .waitForEnd }
        let kind = wanted["kind"]?.string ?? ""
        if isForced, kind == "Job" { return .replace("it was asked to run again") }
        if isForced, kind == "Pod", ["Succeeded", "Failed"].contains(before.at("status", "phase")?.string) {
            return .replace("it was asked to run again")
        }
        // A Pod does not start again by itself when what it reads has changed, and its annotations may change in place.
        if kind == "Pod", configuration(of: wanted) != configuration(of: before) {
            return .replace("a ConfigMap or Secret that it uses has changed")
        }
        // These controllers only count Pods: what the template says now is nothing to those that run.
        if kind == "ReplicaSet" || kind == "ReplicationController", generation(of: wanted) != generation(of: before) {
            return .replace("its Pods do not follow its template")
        }
        if !isForced, AppliedState.isCurrent(wanted, live: before, manager: manager) { return .keep }
        return .update
    }

    /// Whether the cluster deletes the Job some time after it has ended. One without that which is gone was deleted by
    /// somebody, and is made again.
    /// - Parameter live: as the server has it: the cluster may set a time of its own.
    package static func isCleared(_ wanted: JSONValue, live: JSONValue) -> Bool {
        [wanted, live].contains { $0.at("spec", "ttlSecondsAfterFinished") != nil }
    }

    private static func configuration(of json: JSONValue) -> JSONValue? {
        json.at("metadata", "annotations")?[Renderer.configurationAnnotation]
    }

    private static func generation(of json: JSONValue) -> JSONValue? {
        json.at("spec", "template", "metadata", "annotations")?[Renderer.generationAnnotation]
    }

    /// Kinds that hold nothing but what the spec says, so that a new one is as good as the old one. Others keep data
    /// (volumes, namespaces, definitions, custom resources): those are never deleted to be changed.
    private static let replaceable: Set<String> = [
        "ClusterRoleBinding", "ConfigMap", "CronJob", "DaemonSet", "Deployment", "Ingress", "Job", "NetworkPolicy",
        "Pod",
        "PodDisruptionBudget", "PriorityClass", "ReplicaSet", "ReplicationController", "RoleBinding", "Secret",
        "Service",
        "StatefulSet", "StorageClass",
    ]

    /// Whether an object of this kind may be deleted and created when a field of it cannot be changed.
    package static func isReplaceable(_ wanted: JSONValue) -> Bool {
        replaceable.contains(wanted["kind"]?.string ?? "")
    }

    /// The object under another name and without what only one object can have. A server that takes it as a new one has
    /// refused the change of the old one, not the object.
    package static func probe(_ wanted: JSONValue) -> JSONValue {
        var probe = wanted
        let name = wanted.at("metadata", "name")?.string ?? ""
        var metadata = probe["metadata"] ?? [:]
        metadata["name"] = .string("\(name.prefix(40).prefix { $0 != "." })-devloop-probe")
        probe["metadata"] = metadata
        if wanted["kind"] == "Service", var spec = probe["spec"] {
            if spec["clusterIP"] != "None" { spec["clusterIP"] = nil }
            spec["clusterIPs"] = nil
            spec["healthCheckNodePort"] = nil
            if let ports = spec["ports"]?.array {
                spec["ports"] = .array(
                    ports.map { port in
                        var port = port
                        port["nodePort"] = nil
                        return port
                    })
            }
            probe["spec"] = spec
        }
        return probe
    }
}
