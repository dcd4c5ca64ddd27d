// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// The Pods that an object makes: what Services select and where images stand. Kinds that are not Kubernetes' own have
/// none, as in Tilt.
struct PodTemplate {
    /// Labels of the Pods; nil for a bare Pod, which no Service joins in Tilt either.
    let labels: [String: String]?
    private let containers: [JSONValue]

    /// nil for objects that make no Pods.
    init?(of object: ManifestObject) {
        guard ["core", "apps", "batch", "extensions"].contains(ObjectIdentity(object).group) else { return nil }
        guard let pod = object.pod else { return nil }
        if object.kind == "Pod" {
            labels = nil
        } else {
            let members = pod.at("metadata", "labels")?.object?.members ?? []
            labels = Dictionary(members.compactMap { member in member.value.string.map { (member.key, $0) } }) { $1 }
        }
        containers = ["initContainers", "containers"].flatMap { pod.at("spec", $0)?.array ?? [] }
    }

    /// Image references of all containers in the order of the manifest, init containers first.
    var images: [String] { containers.compactMap { $0["image"]?.string } }

    /// Values of the containers' environment variables.
    var environmentValues: [String] {
        containers.flatMap { ($0["env"]?.array ?? []).compactMap { $0["value"]?.string } }
    }

    /// Whether a Service selects these Pods. One without a selector selects nothing.
    func isSelected(by object: ManifestObject) -> Bool {
        guard let labels, object.kind == "Service", object.apiVersion == "v1",
            let selector = object.json.at("spec", "selector")?.object, !selector.isEmpty
        else { return false }
        return selector.members.allSatisfy { labels[$0.key] != nil && labels[$0.key] == $0.value.string }
    }
}

extension ManifestObject {
    /// What has `metadata` and `spec` of a Pod.
    fileprivate var pod: JSONValue? { podPath.flatMap { json.at($0) } }

    /// `metadata` of the object and of what it makes.
    var metadata: [JSONValue] {
        let claims = json.at("spec", "volumeClaimTemplates")?.array ?? []
        let inner = kind == "Pod" ? [] : [pod?["metadata"]].compactMap { $0 }
        return [json["metadata"] ?? [:]] + inner + claims.compactMap { $0["metadata"] }
    }

    /// Every image reference in it: containers, what `locators` point to, and, when `asks` wants it, environment
    /// variables.
    func imageReferences(inEnvironment asks: (String) -> Bool) -> [String] {
        let template = PodTemplate(of: self)
        return (template?.images ?? []) + (template?.environmentValues.filter(asks) ?? [])
            + imageLocators.flatMap { $0.references(in: json) }
    }
}
