// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import YAMLTree

/// A local registry as a cluster announces it: the ConfigMap `kube-public/local-registry-hosting` (KEP-1755).
package struct RegistryHosting: Sendable, Equatable {
    package static let namespace = "kube-public"
    package static let name = "local-registry-hosting"
    /// The newest version of the format that there is.
    private static let key = "localRegistryHosting.v1"

    /// `host[:port]` that this machine pushes to.
    package var host: String
    /// The same registry for the node's runtime, which pulls from it; the one that manifests name.
    package var hostFromContainerRuntime: String
    /// Address of a page that helps when a push fails; nil when there is none.
    package var help: String?

    package init(host: String, hostFromContainerRuntime: String, help: String? = nil) {
        self.host = host
        self.hostFromContainerRuntime = hostFromContainerRuntime
        self.help = help
    }

    /// - Throws: `DevloopError` (`image`) when the ConfigMap is not in the format of the KEP, or names no host that can
    ///   be pushed to from here.
    package init(configMap: JSONValue) throws {
        let place = SourceLocation(file: "configmap \(Self.namespace)/\(Self.name)")
        let hint = "write it as KEP-1755 has it, or say default_registry(...) in the Devloopfile"
        guard let text = configMap.at("data", Self.key)?.string else {
            throw DevloopError(.image, "it has no '\(Self.key)'", at: place, hint: hint)
        }
        let root: YAMLNode?
        do {
            root = try YAML.parse(Array(text.utf8), file: place.file).first?.root
        } catch {
            throw DevloopError(.image, "'\(Self.key)' is not YAML: \(error.message)", at: place, hint: hint)
        }
        func value(_ key: String) -> String? {
            root?[key]?.scalar.map(\.text).flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let host = value("host") else {
            throw DevloopError(.image, "'\(Self.key)' has no host that this machine can push to", at: place, hint: hint)
        }
        self.host = host
        hostFromContainerRuntime = value("hostFromContainerRuntime") ?? host
        help = value("help")
    }
}

extension KubeClient {
    /// The registry that the cluster announces; nil when it announces none.
    package func registryHosting() async throws -> RegistryHosting? {
        do {
            return try RegistryHosting(
                configMap: try await get(
                    .configMaps, name: RegistryHosting.name, namespace: RegistryHosting.namespace))
        } catch  where error.kubeFailure?.isNotFound == true {
            return nil
        }
    }
}
