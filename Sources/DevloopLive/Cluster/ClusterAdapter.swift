// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import Hashing
import ImageDelivery
import ImagePack
import KubeClient
import LoopEngine
import Plan

/// Finds the cluster that the kubeconfig names, if it is one that may be used.
struct ClusterAdapter: ClusterPort {
    var settings: LiveSettings
    var link = BuildLink()

    var configurationFiles: [String] {
        KubeConfig.paths(environment: LiveEnvironment.variables).filter { $0.hasPrefix("/") }
    }

    func connect(_ plan: PlanSettings) async throws -> any ClusterConnection {
        let config = try KubeConfig.load(KubeConfig.paths(environment: LiveEnvironment.variables))
        let selection = try config.select(settings.context)
        let context = await ContextCheck.info(of: selection, in: config)
        guard context.isLocal || plan.allowedContexts.contains(context.name) else {
            throw DevloopError(
                .contextNotAllowed,
                "the context \"\(context.name)\" is not a local cluster (\(context.localReason)), and the Devloopfile does not allow it",
                at: selection.context.location,
                hint: "choose another context, or add allow_k8s_contexts('\(context.name)') to the Devloopfile")
        }
        let client = try KubeClient(config: config, context: settings.context)
        let version = try await client.serverVersion()
        let node = try await client.nodes().first?.at("status", "nodeInfo")
        let architecture = node?["architecture"]?.string ?? "amd64"
        let namespace = settings.namespace ?? context.namespace
        let delivery = try DeliveryChoice.choose(plan, context: context, kubeconfig: selection.context.location.file)
        let info = ClusterInfo(
            context: context.name, namespace: namespace, server: version,
            runtime: node?["containerRuntimeVersion"]?.string ?? "unknown", architecture: architecture,
            delivery: delivery?.summary ?? "none: set image_loader or default_registry in the Devloopfile")
        link.architecture = architecture
        let cache = LayerDigestCache(path: HostPaths.cache().map { "\($0)/layers.json" })
        return ClusterSession(
            client: client, info: info,
            images: ImageMaker(
                delivery: delivery,
                packer: SwiftImagePacker(
                    cache: cache, baseLibraries: BaseLibraryCache(folder: HostPaths.cache("libraries")),
                    architecture: architecture), cache: cache, link: link, registry: plan.defaultRegistry,
                architecture: architecture),
            link: link)
    }
}

/// Which way images take to the node.
enum DeliveryChoice {
    /// - Parameter kubeconfig: the file that the context stands in; the cluster of `scripts/cluster` keeps its socket
    ///   beside it.
    static func choose(
        _ plan: PlanSettings, context: ContextInfo, kubeconfig: String
    ) throws -> (any ImageDelivering)? {
        let memory = HostPaths.cache().map { folder in
            DeliveryMemory(
                path: "\(folder)/node-\(SHA256.digest(of: Array("\(context.name) \(context.server)".utf8)).short).json")
        }
        if let loader = plan.imageLoader {
            return ArchiveImport(
                summary: "'\(loader.arguments.joined(separator: " "))', as image_loader says",
                arguments: loader.arguments, directory: loader.directory, environment: loader.environment,
                memory: memory)
        }
        if let registry = plan.defaultRegistry {
            return RegistryPush(
                client: try HTTPClient(), host: registry.host, hostFromCluster: registry.hostFromCluster,
                singleName: registry.singleName)
        }
        let kind = ContextKind.classify(
            context: context.name, cluster: context.cluster, server: context.server
        ).kind
        let socket = "\(HostPaths.directory(kubeconfig))/run/containerd.sock"
        if kind == .devloopLocal, HostPaths.exists(socket) {
            return ArchiveImport(
                summary: "containerd's import over its socket, since the node is on this machine",
                arguments: ["ctr", "-a", socket, "-n", "k8s.io", "images", "import", "-"], memory: memory)
        }
        if context.localReason.contains("minikube"), context.isLocal {
            return ArchiveImport(
                summary: "minikube image load", arguments: ["minikube", "-p", context.cluster, "image", "load", "-"],
                takesDelta: false, memory: nil)
        }
        return nil
    }
}
