// SPDX-License-Identifier: Apache-2.0

import ImageDelivery
import KubeClient

/// Chooses the way that images take to the nodes (docs/delivery.md). Pure: facts in, decision out.
package enum DeliveryChoice {
    package static func decide(_ facts: DeliveryFacts) -> DeliveryDecision {
        let spec = [loader(facts), defaultRegistry(facts)]
        switch facts.kind {
        case .minikube:
            let ways = [engine(facts), addon(facts), hosting(facts), podman(facts), program(facts)]
            return DeliveryDecision(candidates: spec + [nodeImport(facts)] + ways)
        case .kind, .k3d:
            return DeliveryDecision(candidates: spec + [hosting(facts), nodeImport(facts), program(facts)])
        case .devloopLocal:
            return DeliveryDecision(candidates: spec + [nodeImport(facts), hosting(facts)])
        default:
            return DeliveryDecision(candidates: spec + [hosting(facts), engine(facts)])
        }
    }

    private static func loader(_ facts: DeliveryFacts) -> DeliveryCandidate {
        guard let words = facts.imageLoader else {
            return .unusable("image_loader", "the Devloopfile names none")
        }
        return .usable("image_loader", .loader, "'\(words.joined(separator: " "))', as the Devloopfile says")
    }

    private static func defaultRegistry(_ facts: DeliveryFacts) -> DeliveryCandidate {
        guard let registry = facts.defaultRegistry else {
            return .unusable("default_registry", "the Devloopfile names none")
        }
        return .usable("default_registry", .defaultRegistry, "\(registry), as the Devloopfile says")
    }

    private static func hosting(_ facts: DeliveryFacts) -> DeliveryCandidate {
        let name = "announced registry"
        if let problem = facts.hostingProblem { return .unusable(name, problem) }
        guard let hosting = facts.hosting else {
            return .unusable(name, "the cluster has no ConfigMap \(RegistryHosting.namespace)/\(RegistryHosting.name)")
        }
        return .usable(
            name, .hostedRegistry,
            "\(hosting.host), as the ConfigMap \(RegistryHosting.namespace)/\(RegistryHosting.name) says")
    }

    private static func addon(_ facts: DeliveryFacts) -> DeliveryCandidate {
        guard facts.hasRegistryAddon else {
            return .unusable("registry addon", "it is not enabled: minikube addons enable registry")
        }
        return .usable(
            "registry addon", .registryAddon, "it is enabled; pushes go through a port-forward of devloop's own")
    }

    private static func nodeImport(_ facts: DeliveryFacts) -> DeliveryCandidate {
        let name = "containerd import"
        if let other = facts.nodes.first(where: { $0.runtime != .containerd }) {
            return .unusable(name, "node \(other.name) runs \(other.runtimeVersion)")
        }
        if facts.kind == .devloopLocal {
            guard let socket = facts.socket else {
                return .unusable(name, "the socket of the node's containerd is not beside the kubeconfig")
            }
            guard facts.programs.contains("ctr") else { return .unusable(name, "ctr is not installed here") }
            return .usable(
                name, .nodes(.here, .containerd(socket: socket), asRoot: false),
                "over its socket, since the node is on this machine")
        }
        return onNodes(name, .containerd(socket: nil), facts)
    }

    private static func podman(_ facts: DeliveryFacts) -> DeliveryCandidate {
        if let other = facts.nodes.first(where: { $0.runtime != .crio }) {
            return .unusable("podman load", "node \(other.name) runs \(other.runtimeVersion)")
        }
        return onNodes("podman load", .podman, facts)
    }

    /// A command on each node, by the route that its driver has.
    private static func onNodes(_ name: String, _ runtime: NodeRuntime, _ facts: DeliveryFacts) -> DeliveryCandidate {
        let driver = facts.kind == .minikube ? facts.minikube?.kind : .containers(program: "docker")
        switch driver {
        case nil:
            return .unusable(name, "minikube does not tell the driver of profile '\(facts.minikube?.name ?? "")'")
        case .containers(program: "docker"):
            guard facts.programs.contains("docker") else {
                return .unusable(name, "docker, whose containers the nodes are, is not installed here")
            }
            return .usable(
                name, .nodes(.containers(program: "docker"), runtime, asRoot: false),
                "through docker exec, since the nodes are containers of this machine")
        case .containers(let program):
            return .unusable(name, "the nodes are containers of \(program), which minikube alone reaches")
        case .some(.none):
            return .usable(
                name, .nodes(.here, runtime, asRoot: !facts.isRoot), "by command, since the node is this machine")
        case .machines:
            guard facts.programs.contains("ssh") else {
                return .unusable(name, "ssh, by which the nodes are reached, is not installed here")
            }
            return .usable(
                name, .nodes(.ssh, runtime, asRoot: true),
                "over ssh, since the nodes are machines (\(facts.minikube?.driver ?? "ssh"))")
        }
    }

    private static func engine(_ facts: DeliveryFacts) -> DeliveryCandidate {
        let name = "Docker Engine"
        if let other = facts.nodes.first(where: { $0.runtime != .docker }) {
            return .unusable(name, "node \(other.name) runs \(other.runtimeVersion)")
        }
        switch facts.kind {
        case .minikube:
            guard facts.nodes.count == 1 else {
                return .unusable(name, "minikube docker-env serves one node, and there are \(facts.nodes.count)")
            }
            guard facts.programs.contains("minikube") else { return .unusable(name, "minikube is not installed here") }
            return .usable(
                name, .engine(.minikube(profile: facts.minikube?.name ?? facts.cluster)),
                "the node's own, with the certificates of minikube docker-env")
        case .dockerDesktop, .orbstack, .colima, .rancherDesktop:
            return .usable(name, .engine(.local), "the Docker of this machine is the node's too")
        default: return .unusable(name, "nothing tells where the node's Docker listens")
        }
    }

    private static func program(_ facts: DeliveryFacts) -> DeliveryCandidate {
        let name: String
        let program: ImportProgram
        let needed: String
        switch facts.kind {
        case .kind:
            (name, needed) = ("kind load image-archive", "kind")
            program = .kind(cluster: trimmed(facts.cluster, "kind-"))
        case .k3d:
            (name, needed) = ("k3d image import", "k3d")
            program = .k3d(cluster: trimmed(facts.cluster, "k3d-"))
        default:
            (name, needed) = ("minikube image load", "minikube")
            program = .minikube(profile: facts.minikube?.name ?? facts.cluster)
        }
        guard facts.programs.contains(needed) else { return .unusable(name, "\(needed) is not installed here") }
        return .usable(name, .program(program), "the whole image in a file, each time")
    }

    private static func trimmed(_ name: String, _ prefix: String) -> String {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }
}
