// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Tells the Pods of a workload's newest version from those of earlier ones, for workloads that others have applied and
/// that carry no mark of ours. Pure.
package enum WorkloadRevision {
    /// Kinds that keep a version in an object of its own.
    package static let keeper = ["Deployment": "ReplicaSet", "DaemonSet": "ControllerRevision"]

    /// Whether the controller has taken note of the newest change; before that the version is an earlier one's.
    package static func isObserved(_ live: JSONValue) -> Bool {
        guard ["Deployment", "StatefulSet", "DaemonSet"].contains(live["kind"]?.string) else { return true }
        guard let generation = live.at("metadata", "generation")?.int else { return true }
        return live.at("status", "observedGeneration")?.int ?? 0 >= generation
    }

    /// Labels that the Pods of the newest version have, and no others.
    /// - Parameters:
    ///   - live: the workload as the server has it.
    ///   - versions: all objects of the kind that ``keeper`` names.
    /// - Returns: nil where labels do not tell.
    package static func labels(of live: JSONValue, versions: [JSONValue]) -> [String: String]? {
        let uid = live.at("metadata", "uid")?.string
        switch live["kind"]?.string {
        case "Pod": return strings(live.at("metadata", "labels"))
        case "Job":
            guard let uid else { return nil }
            return ["controller-uid": uid]
        case "ReplicationController": return strings(live.at("spec", "selector"))
        case "StatefulSet":
            guard let revision = live.at("status", "updateRevision")?.string else { return selector(live) }
            return selector(live)?.merging(["controller-revision-hash": revision]) { $1 }
        case "Deployment":
            let key = "deployment.kubernetes.io/revision"
            let revision = live.at("metadata", "annotations")?[key]
            let version = versions.first { version in
                isOwned(version, by: uid) && version.at("metadata", "annotations")?[key] == revision
            }
            return merged(live, "pod-template-hash", version)
        case "DaemonSet":
            let newest = versions.filter { isOwned($0, by: uid) }
                .max { ($0["revision"]?.int ?? 0) < ($1["revision"]?.int ?? 0) }
            return merged(live, "controller-revision-hash", newest)
        default: return selector(live)
        }
    }

    private static func merged(_ live: JSONValue, _ label: String, _ version: JSONValue?) -> [String: String]? {
        guard let value = version?.at("metadata", "labels")?[label]?.string else { return selector(live) }
        return selector(live)?.merging([label: value]) { $1 }
    }

    private static func selector(_ live: JSONValue) -> [String: String]? {
        strings(live.at("spec", "selector", "matchLabels"))
    }

    private static func isOwned(_ json: JSONValue, by uid: String?) -> Bool {
        (json.at("metadata", "ownerReferences")?.array ?? []).contains { $0["uid"]?.string == uid }
    }

    private static func strings(_ labels: JSONValue?) -> [String: String]? {
        let pairs = (labels?.object?.members ?? []).compactMap { member in member.value.string.map { (member.key, $0) }
        }
        return pairs.isEmpty ? nil : Dictionary(pairs) { $1 }
    }
}
