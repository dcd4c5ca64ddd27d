// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan

/// Some resources as programs of this machine, the rest in the cluster: each question goes to who knows the answer.
final class MixedConnection: ClusterConnection {
    private let cluster: ClusterSession
    private let local: LocalCluster
    let info: ClusterInfo

    init(cluster: ClusterSession, local: LocalCluster) {
        self.cluster = cluster
        self.local = local
        info = cluster.info
    }

    private func side(_ resource: String) -> any ClusterConnection {
        local.network.runsHere(resource) ? local : cluster
    }

    private func side(_ pod: PodStatus) -> any ClusterConnection {
        local.has(uid: pod.uid) ? local : cluster
    }

    func take(_ plan: Plan) { local.take(plan) }

    func ownPort(of resource: String, _ port: Int?) async -> Int? { await side(resource).ownPort(of: resource, port) }

    func identity() async -> String? { await cluster.identity() }

    /// An image that both use is made for both.
    func makeImage(_ work: ImageWork, onEvent: @escaping @Sendable (ImageNotice) -> Void) async throws -> String {
        let (here, there) = local.network.users(of: work.image.ref)
        let reference = here ? try await local.makeImage(work, onEvent: onEvent) : work.image.ref
        return there || !here ? try await cluster.makeImage(work, onEvent: onEvent) : reference
    }

    func program(of image: Image) async -> ImageProgram {
        local.network.users(of: image.ref).there ? await cluster.program(of: image) : await local.program(of: image)
    }

    func apply(_ work: ApplyWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> ApplyResult {
        try await side(work.resource.name).apply(work, onEvent: onEvent)
    }

    func deploy(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> CustomResult {
        try await side(work.resource.name).deploy(work, onEvent: onEvent)
    }

    func locate(_ resource: Resource) async throws -> CustomResult {
        try await side(resource.name).locate(resource)
    }

    func takeDown(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        try await side(work.resource.name).takeDown(work, onEvent: onEvent)
    }

    func delete(_ objects: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        try await local.delete(objects, onEvent: onEvent)
        try await cluster.delete(objects, onEvent: onEvent)
    }

    func prune(keeping: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        try await local.prune(keeping: keeping, onEvent: onEvent)
        try await cluster.prune(keeping: keeping, onEvent: onEvent)
    }

    /// Pods of a resource are those of the side that it runs on: what the cluster has of it from before is no news.
    func observe(_ resources: [Resource]) -> AsyncStream<ClusterUpdate> {
        let (stream, continuation) = AsyncStream.makeStream(of: ClusterUpdate.self)
        let here = local.observe(resources)
        let there = cluster.observe(resources.filter { !local.network.runsHere($0.name) })
        let network = local.network
        let task = Task {
            let pods = BothSides(continuation)
            await withDiscardingTaskGroup { group in
                group.addTask {
                    for await update in here {
                        if case .pods(let groups) = update {
                            pods.take(here: groups)
                        } else {
                            continuation.yield(update)
                        }
                    }
                }
                group.addTask {
                    for await update in there {
                        if case .pods(let groups) = update {
                            pods.take(there: groups.filter { !network.runsHere($0.key) })
                        } else {
                            continuation.yield(update)
                        }
                    }
                }
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    func logs(
        pod: PodStatus, container: String, runs: AsyncStream<String>
    ) -> AsyncThrowingStream<LoopEngine.LogLine, any Error> {
        side(pod).logs(pod: pod, container: container, runs: runs)
    }

    func lastLines(pod: PodStatus, container: String, previous: Bool) async -> [String] {
        await side(pod).lastLines(pod: pod, container: container, previous: previous)
    }

    func attach(pod: PodStatus, container: String, isInjected: Bool) async throws -> any SyncConnection {
        try await side(pod).attach(pod: pod, container: container, isInjected: isInjected)
    }

    func attach(foreign pod: PodStatus, container: String, way: ContainerWay) async throws -> any SyncConnection {
        try await side(pod).attach(foreign: pod, container: container, way: way)
    }

    func dial(pod: PodStatus, port: Int) async throws -> any ByteChannel {
        try await side(pod).dial(pod: pod, port: port)
    }

    func restart(pod: PodStatus) async throws { try await side(pod).restart(pod: pod) }

    func close() async {
        await local.close()
        await cluster.close()
    }
}
