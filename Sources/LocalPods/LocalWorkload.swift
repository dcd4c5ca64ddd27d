// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// A workload of the manifests, as it is run on this machine: one Pod of it.
package struct LocalWorkload: Sendable, Equatable {
    package var object: ManifestObject
    package var namespace: String
    /// `metadata` and `spec` of a Pod.
    package var template: JSONValue

    /// Nil for objects that make no Pods by themselves: a CronJob waits for its time.
    package init?(_ object: ManifestObject, namespace: String) {
        guard let path = object.podPath, object.kind != "CronJob", object.kind != "PodTemplate",
            let template = object.json.at(path)
        else { return nil }
        self.object = object
        self.namespace = object.namespace.isEmpty ? namespace : object.namespace
        self.template = template
    }

    package var name: String { object.name }
    package var spec: JSONValue { template["spec"] ?? .null }
    package var labels: [String: String] { Self.texts(template.at("metadata", "labels")) }
    package var annotations: [String: String] { Self.texts(template.at("metadata", "annotations")) }
    package var containers: [JSONValue] { spec["containers"]?.array ?? [] }
    package var initContainers: [JSONValue] { spec["initContainers"]?.array ?? [] }
    package var restartPolicy: String { spec["restartPolicy"]?.string ?? "Always" }
    /// What a Pod may take to end, in seconds; Kubernetes' default is 30.
    package var gracePeriod: Int { max(0, spec["terminationGracePeriodSeconds"]?.int ?? 30) }
    /// How many Pods the manifest asks for; one is run.
    package var replicas: Int {
        object.podPath == ["spec", "template"] ? object.json.at("spec", "replicas")?.int ?? 1 : 1
    }
    /// Pods are told of the Services of their namespace, unless they say no.
    package var wantsServiceLinks: Bool { spec["enableServiceLinks"]?.bool ?? true }

    /// Declared container ports, with their names.
    package var ports: [(name: String, number: Int)] {
        containers.flatMap { Self.ports(of: $0) }
    }

    package static func ports(of container: JSONValue) -> [(name: String, number: Int)] {
        (container["ports"]?.array ?? []).compactMap { port in
            port["containerPort"]?.int.map { (port["name"]?.string ?? "", $0) }
        }
    }

    /// Whether a Service with this selector leads to its Pods.
    package func matches(_ selector: [String: String]) -> Bool {
        let labels = labels
        return !selector.isEmpty && selector.allSatisfy { labels[$0.key] == $0.value }
    }

    static func texts(_ value: JSONValue?) -> [String: String] {
        value?.object?.members.reduce(into: [:]) { $0[$1.key] = $1.value.string } ?? [:]
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.object == right.object && left.namespace == right.namespace
    }
}

extension ManifestObject {
    /// `spec.selector` of a Service.
    package var serviceSelector: [String: String] { LocalWorkload.texts(json.at("spec", "selector")) }
}

extension LocalWorkload {
    /// The ConfigMaps and Secrets that it names.
    package var configurationNames: [(kind: ConfigurationStore.Kind, name: String)] {
        ManifestObject.names(in: spec).flatMap { kind, names in
            ConfigurationStore.Kind(rawValue: kind).map { kind in names.sorted().map { (kind, $0) } } ?? []
        }
    }
}
