// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// The Pod that a workload makes: what Services select and where images stand.
struct PodTemplate {
    var labels: [String: String]
    /// Image references of all containers, in the order of the manifest, init containers first.
    var images: [String]

    /// nil for objects that make no Pods, and for kinds that are not Kubernetes' own.
    init?(of object: ManifestObject) {
        let identity = ObjectIdentity(object)
        guard ["core", "apps", "batch", "extensions"].contains(identity.group) else { return nil }
        let pod: JSONValue?
        switch object.kind {
        case "Pod": pod = object.json
        case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
            pod = object.json.at("spec", "template")
        case "CronJob": pod = object.json.at("spec", "jobTemplate", "spec", "template")
        default: pod = nil
        }
        guard let pod else { return nil }
        labels = [:]
        for member in pod.at("metadata", "labels")?.object?.members ?? [] {
            if let value = member.value.string { labels[member.key] = value }
        }
        images = ["initContainers", "containers"].flatMap { list in
            (pod.at("spec", list)?.array ?? []).compactMap { $0["image"]?.string }
        }
    }

    /// Whether a Service selects this Pod. One without a selector selects nothing.
    func isSelected(by object: ManifestObject) -> Bool {
        guard object.kind == "Service", object.apiVersion == "v1",
            let selector = object.json.at("spec", "selector")?.object, !selector.isEmpty
        else { return false }
        return selector.members.allSatisfy { labels[$0.key] != nil && labels[$0.key] == $0.value.string }
    }
}
