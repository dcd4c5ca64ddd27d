// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import FileWatch
import KubeClient
import LoopEngine
import Plan

/// Where the session's work runs: in the cluster, on this machine, or some here and the rest there (design D17).
struct PlaceAdapter: ClusterPort {
    var cluster: ClusterAdapter
    var place: LiveSettings.Place
    /// The session's folder.
    var directory: String

    var configurationFiles: [String] { place == .here ? [] : cluster.configurationFiles }

    func connect(_ plan: PlanSettings) async throws -> any ClusterConnection {
        switch place {
        case .here: return try local()
        case .cluster: return try await cluster.connect(plan)
        case .automatic:
            return ContextCheck.hasNone(cluster.settings.context) ? try local() : try await cluster.connect(plan)
        case .mixed(let names):
            let session = try await cluster.session(plan)
            let network = LocalNetwork(namespace: session.info.namespace, chosen: Set(names))
            let services = ClusterServices(
                client: session.client, namespace: session.info.namespace, network: network)
            return MixedConnection(
                cluster: session,
                local: try make(network, session.info, outside: services))
        }
    }

    private func local() throws -> LocalCluster {
        cluster.link.architecture = HostTools.architecture
        let info = ClusterInfo(
            context: "this machine", namespace: Self.namespace, server: ClusterInfo.noServer,
            runtime: "programs of this machine", architecture: HostTools.architecture,
            delivery: "programs run where they were built")
        return try make(LocalNetwork(namespace: Self.namespace, chosen: nil), info, outside: nil)
    }

    private func make(
        _ network: LocalNetwork, _ info: ClusterInfo, outside: (any OutsideServices)?
    ) throws -> LocalCluster {
        let directory = directory
        return LocalCluster(
            info: info, network: network, outside: outside, folder: try LocalFolder(), link: cluster.link,
            clock: LiveEnvironment.clock, files: { WatchIgnore(project: directory).files(below: $0) })
    }

    /// Objects that name no namespace are in the one of this name, as with kubectl.
    private static let namespace = "default"
}
