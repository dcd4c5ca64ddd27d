// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImageDelivery
import ImagePack
import KubeClient
import LoopEngine
import Plan

/// Finds the cluster that the kubeconfig names, if it is one that may be used.
struct ClusterAdapter: ClusterPort {
    var settings: LiveSettings
    var link = BuildLink()
    /// The command whose session works on the project: it holds the project's inventory, and opens the way of images
    /// before the first of them. Nil for what only takes down or asks.
    var command: String?

    var configurationFiles: [String] {
        KubeConfig.paths(environment: LiveEnvironment.variables).filter { $0.hasPrefix("/") }
    }

    /// A cluster that may be used and answers.
    struct Found {
        var client: KubeClient
        var context: ContextInfo
        /// The server's version.
        var version: String
        var facts: DeliveryFacts
        var selection: KubeConfig.Selection
    }

    /// Asks the cluster what it is; changes nothing.
    func find(_ plan: PlanSettings) async throws -> Found {
        let config = try KubeConfig.load(environment: LiveEnvironment.variables)
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
        let nodes = try await client.nodes()
        let facts = await DeliveryDetection(settings: plan, context: context, selection: selection)
            .facts(client: client, nodes: nodes)
        return Found(client: client, context: context, version: version, facts: facts, selection: selection)
    }

    func connect(_ plan: PlanSettings) async throws -> any ClusterConnection { try await session(plan) }

    func session(_ plan: PlanSettings) async throws -> ClusterSession {
        let found = try await find(plan)
        let nodes = found.facts.nodes
        let decision = DeliveryChoice.decide(found.facts)
        let namespace = settings.namespace ?? found.context.namespace
        // Asked beside the rest: it is of use only after a break.
        async let identity = Self.identity(found.client, namespace: namespace)
        let delivery = await DeliveryFactory(
            settings: plan, context: found.context, facts: found.facts, client: found.client
        ).make(decision)
        let keeper = InventoryKeeper(
            client: found.client, namespace: namespace, project: plan.project,
            me: command.map { InventoryKeeper.session($0, at: LiveEnvironment.wall()) }, clock: LiveEnvironment.clock,
            takesOver: settings.force)
        try await keeper.open()
        if command != nil { await delivery?.prepare() }
        let architecture = nodes.first?.architecture ?? HostTools.architecture
        let info = ClusterInfo(
            context: found.context.name, namespace: namespace,
            server: found.version, runtime: nodes.first?.runtimeVersion ?? "unknown", architecture: architecture,
            delivery: decision.summary, identity: await identity)
        link.architecture = architecture
        let cache = LayerDigestCache(path: HostPaths.cache().map { "\($0)/layers.json" })
        return ClusterSession(
            client: found.client, info: info,
            images: ImageMaker(
                delivery: delivery,
                packer: SwiftImagePacker(
                    cache: cache, baseLibraries: BaseLibraryCache(folder: HostPaths.cache("libraries")),
                    architecture: architecture), cache: cache, link: link, registry: plan.defaultRegistry,
                architecture: architecture),
            link: link, keeper: keeper,
            commands: CommandKubeConfig(
                context: found.context.name, cluster: found.selection.context.cluster,
                user: found.selection.context.user, namespace: namespace, files: configurationFiles),
            takesOver: settings.force)
    }

    /// The uid of a namespace that is as old as the cluster, or else of the session's own.
    static func identity(_ client: KubeClient, namespace: String) async -> String? {
        for name in ["kube-system", namespace] {
            let found = try? await client.get(.namespaces, name: name)
            if let uid = found?.at("metadata", "uid")?.string { return uid }
        }
        return nil
    }
}
