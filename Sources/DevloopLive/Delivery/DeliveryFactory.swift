// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import ImageDelivery
import ImagePack
import KubeClient
import Plan
import ProcessRunner
import Registry

/// Opens the way that was chosen.
struct DeliveryFactory {
    var settings: PlanSettings
    var context: ContextInfo
    var facts: DeliveryFacts
    var client: KubeClient

    /// - Returns: a way that fails with its reason at each image, when it cannot be opened.
    func make(_ decision: DeliveryDecision) async -> (any ImageDelivering)? {
        guard let way = decision.way else { return nil }
        do {
            return try await make(way, summary: decision.summary)
        } catch {
            return FailedDelivery(
                error: (error as? DevloopError) ?? DevloopError(.image, "\(error)"), summary: decision.summary)
        }
    }

    private func make(_ way: DeliveryWay, summary: String) async throws -> any ImageDelivering {
        switch way {
        case .loader: return loader(summary)
        case .defaultRegistry:
            guard let registry = settings.defaultRegistry else { throw missing(summary) }
            return RegistryPush(
                client: try RegistryClients.transport(for: registry.host), host: registry.host,
                hostFromCluster: registry.hostFromCluster,
                singleName: registry.singleName)
        case .hostedRegistry:
            guard let hosting = facts.hosting else { throw missing(summary) }
            return RegistryPush(
                client: try RegistryClients.transport(for: hosting.host), host: hosting.host,
                hostFromCluster: hosting.hostFromContainerRuntime,
                singleName: "")
        case .registryAddon: return RegistryAddon(summary: summary, client: client)
        case .nodes(let route, let runtime, let asRoot):
            var nodes: [NodeImport] = []
            for node in facts.nodes {
                nodes.append(importer(node, runtime, asRoot: asRoot, access: try await access(route, node.name)))
            }
            return ArchiveImport(summary: summary, nodes: nodes)
        case .engine(let place):
            let client = client
            return try await EngineDelivery.make(place, summary: summary, memory: memory(of: facts.nodes.first)) {
                try await Self.imagesInUse(client)
            }
        case .program(let program): return self.program(program, summary)
        }
    }

    private func missing(_ summary: String) -> DevloopError { DevloopError(.image, "\(summary) is not there") }

    private func loader(_ summary: String) -> ArchiveImport {
        let words = settings.imageLoader ?? Command(arguments: [], directory: "/")
        // A command of the user is run when there is an archive, and not before; what reads it is not known to take pins.
        let node = NodeImport.Settings(
            command: ProcessCommand(
                words.arguments, directory: words.directory, environment: .inherit(adding: words.environment)))
        return ArchiveImport(summary: summary, nodes: [NodeImport(node, memory: memory(of: facts.nodes.first))])
    }

    private func access(_ route: NodeRoute, _ node: String) async throws -> NodeAccess {
        switch route {
        case .here: return .here
        case .containers(let program): return .container(node, program: program)
        case .ssh:
            let profile = facts.minikube ?? MinikubeProfile(name: facts.cluster, driver: nil)
            return .ssh(try await MinikubeHost.machine(of: node, in: profile))
        }
    }

    private func importer(
        _ node: NodeFacts, _ runtime: NodeRuntime, asRoot: Bool, access: NodeAccess
    ) -> NodeImport {
        var settings = NodeImport.Settings(
            command: ProcessCommand(access.arguments(runtime.importCommand(asRoot: asRoot))))
        settings.name = facts.nodes.count > 1 ? "node \(node.name)" : ""
        settings.takesDelta = runtime.takesDelta
        settings.pins = runtime.takesDelta
        settings.keepsReady = true
        settings.removal = { references in
            runtime.removeCommand(references, asRoot: asRoot).map { ProcessCommand(access.arguments($0)) }
        }
        let client = client
        return NodeImport(settings, memory: memory(of: node)) { try await Self.imagesInUse(client) }
    }

    /// Names of images in all Pods of the cluster, as runtimes store them.
    private static func imagesInUse(_ client: KubeClient) async throws -> Set<String> {
        let pods = try await client.list(.pods).items
        return pods.reduce(into: []) { names, pod in
            for list in ["containers", "initContainers", "ephemeralContainers"] {
                for container in pod.at("spec", list)?.array ?? [] {
                    if let name = container["image"]?.string { names.insert(ImageReference.canonical(name)) }
                }
            }
        }
    }

    private func memory(of node: NodeFacts?) -> DeliveryMemory? {
        HostPaths.cache().map { folder in
            let name = "\(context.name) \(context.server) \(node?.uid ?? "")"
            return DeliveryMemory(path: "\(folder)/node-\(SHA256.digest(of: Array(name.utf8)).short).json")
        }
    }

    private func program(_ program: ImportProgram, _ summary: String) -> FileImport {
        let folder = HostPaths.temporary
        switch program {
        case .kind(let cluster):
            return FileImport(summary: summary, folder: folder) {
                ProcessCommand(["kind", "load", "image-archive", $0, "--name", cluster])
            }
        case .k3d(let cluster):
            return FileImport(summary: summary, folder: folder) {
                ProcessCommand(["k3d", "image", "import", $0, "-c", cluster])
            }
        case .minikube(let profile):
            let nodes = facts.nodes.map(\.name)
            return FileImport(summary: summary, folder: folder) {
                ProcessCommand(["minikube", "-p", profile, "image", "load", $0])
            } cleanUp: { name in
                // Minikube leaves its copy in this folder of each node.
                nodes.map { node in
                    ProcessCommand([
                        "minikube", "-p", profile, "ssh", "-n", node, "--", "sudo", "rm", "-f",
                        "/var/lib/minikube/images/\(name)",
                    ])
                }
            }
        }
    }
}

/// A way that was chosen and could not be opened: each image fails with the reason, the session goes on.
struct FailedDelivery: ImageDelivering {
    var error: DevloopError
    var summary: String

    func deliver(_ image: PackedImage) async throws -> Delivery { throw error }
}
