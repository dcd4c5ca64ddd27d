// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import KubeClient

/// All that decides which way images take to the nodes; values alone.
package struct DeliveryFacts: Sendable, Equatable {
    /// Of `image_loader(...)`, as words.
    package var imageLoader: [String]?
    /// Host of `default_registry(...)`.
    package var defaultRegistry: String?
    /// Nil for clusters that are not local.
    package var kind: ContextKind?
    /// The kubeconfig's name for the cluster.
    package var cluster: String
    package var nodes: [NodeFacts]
    /// Socket of the containerd of `scripts/cluster`, where that is the cluster.
    package var socket: String?
    package var minikube: MinikubeProfile?
    package var hosting: RegistryHosting?
    /// Why the ConfigMap that announces a registry is no help.
    package var hostingProblem: String?
    /// Whether Minikube's registry addon runs.
    package var hasRegistryAddon = false
    /// Those of ``wantedPrograms`` that are on the `PATH`.
    package var programs: Set<String> = []
    package var isRoot = false

    /// Programs that some way needs.
    package static let wantedPrograms = ["ctr", "docker", "k3d", "kind", "minikube", "ssh"]

    package init(kind: ContextKind?, cluster: String, nodes: [NodeFacts]) {
        self.kind = kind
        self.cluster = cluster
        self.nodes = nodes
    }
}

/// What a node says of itself.
package struct NodeFacts: Sendable, Equatable {
    package enum Runtime: Sendable, Hashable {
        case containerd, docker, crio
        case other(String)
    }

    package var name: String
    /// Another one after the node was made anew.
    package var uid: String
    /// As the node tells it: `containerd://1.6.20`.
    package var runtimeVersion: String
    /// `amd64` or `arm64`.
    package var architecture: String
    /// Value of `minikube.k8s.io/name`.
    package var minikubeProfile: String?

    package init(
        name: String, uid: String = "", runtimeVersion: String, architecture: String = "amd64",
        minikubeProfile: String? = nil
    ) {
        self.name = name
        self.uid = uid
        self.runtimeVersion = runtimeVersion
        self.architecture = architecture
        self.minikubeProfile = minikubeProfile
    }

    package init(node: JSONValue) {
        let info = node.at("status", "nodeInfo")
        self.init(
            name: node.at("metadata", "name")?.string ?? "", uid: node.at("metadata", "uid")?.string ?? "",
            runtimeVersion: info?["containerRuntimeVersion"]?.string ?? "unknown",
            architecture: info?["architecture"]?.string ?? "amd64",
            minikubeProfile: node.at("metadata", "labels")?["minikube.k8s.io/name"]?.string)
    }

    package var runtime: Runtime {
        let scheme = runtimeVersion.firstRange(of: "://").map { String(runtimeVersion[..<$0.lowerBound]) }
        switch scheme ?? runtimeVersion {
        case "containerd": return .containerd
        case "docker": return .docker
        case "cri-o": return .crio
        case let name: return .other(name)
        }
    }
}
