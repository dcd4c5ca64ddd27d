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
        let nodes = try await client.nodes()
        let node = nodes.first?.at("status", "nodeInfo")
        let namespace = settings.namespace ?? context.namespace
        let facts = await DeliveryDetection(settings: plan, context: context, selection: selection)
            .facts(client: client, nodes: nodes)
        let decision = DeliveryChoice.decide(facts)
        let delivery = await DeliveryFactory(settings: plan, context: context, facts: facts, client: client)
            .make(decision)
        await delivery?.prepare()
        let architecture = facts.nodes.first?.architecture ?? HostTools.architecture
        let info = ClusterInfo(
            context: context.name, namespace: namespace, server: version,
            runtime: node?["containerRuntimeVersion"]?.string ?? "unknown", architecture: architecture,
            delivery: decision.summary)
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
