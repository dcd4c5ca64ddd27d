// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

extension ManifestObject {
    package var isConfiguration: Bool { apiVersion == "v1" && (kind == "ConfigMap" || kind == "Secret") }

    /// Those of the ConfigMaps and Secrets that the object's Pods mount or take variables from.
    package func configuration(in objects: [ManifestObject]) -> [ManifestObject] {
        guard let path = podPath, let spec = json.at(path)?["spec"] else { return [] }
        let names = Self.names(in: spec)
        return objects.filter { object in
            object.isConfiguration && object.namespace == namespace && names[object.kind]?.contains(object.name) == true
        }
    }

    /// Names, by kind, of the ConfigMaps and Secrets that a Pod's spec mounts or takes variables from.
    package static func names(in spec: JSONValue) -> [String: Set<String>] {
        var names: [String: Set<String>] = [:]
        func note(_ kind: String, _ name: JSONValue?) {
            if let name = name?.string { names[kind, default: []].insert(name) }
        }
        for container in ["initContainers", "containers"].flatMap({ spec[$0]?.array ?? [] }) {
            for source in container["envFrom"]?.array ?? [] {
                note("ConfigMap", source.at("configMapRef", "name"))
                note("Secret", source.at("secretRef", "name"))
            }
            for variable in container["env"]?.array ?? [] {
                note("ConfigMap", variable.at("valueFrom", "configMapKeyRef", "name"))
                note("Secret", variable.at("valueFrom", "secretKeyRef", "name"))
            }
        }
        for volume in spec["volumes"]?.array ?? [] {
            note("ConfigMap", volume.at("configMap", "name"))
            note("Secret", volume.at("secret", "secretName"))
            for source in volume.at("projected", "sources")?.array ?? [] {
                note("ConfigMap", source.at("configMap", "name"))
                note("Secret", source.at("secret", "name"))
            }
        }
        return names
    }
}

extension Plan {
    /// The ConfigMaps and Secrets of the plan that a resource's Pods follow, without their places; empty when the spec
    /// says that they do not.
    package func configuration(of resource: Resource) -> [ManifestObject] {
        guard let kubernetes = resource.kubernetes, kubernetes.rollsOnConfiguration else { return [] }
        let all = resources.compactMap(\.kubernetes).flatMap(\.objects).filter(\.isConfiguration)
        var found: [ManifestObject] = []
        for var object in kubernetes.objects.flatMap({ $0.configuration(in: all) }) {
            object.location = nil
            if !found.contains(object) { found.append(object) }
        }
        return found
    }
}
