// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import FileWatch
import HTTPTransport
import LocalPods
import LoopEngine
import Plan
import PodSync
import ProcessRunner

/// The plan as programs of this machine, for the engine: what a cluster would do with it, without one. Topics: `+Apply`.
actor LocalCluster: ClusterConnection {
    nonisolated let info: ClusterInfo
    nonisolated let network: LocalNetwork
    nonisolated let board = LocalBoard()
    nonisolated let logs = LocalLogs()
    /// What Services and configuration the plan has not; nil without a cluster behind it.
    nonisolated let outside: (any OutsideServices)?
    let clock: EngineClock
    let link: BuildLink
    let files: @Sendable (String) -> [String]
    let digests = FileDigests(readings: SourceReadings())
    nonisolated let folder: LocalFolder

    /// By namespace and name of the workload.
    var pods: [String: LocalPod] = [:]
    /// Pods that are on their way out: the next one of the workload waits for its ports.
    var ending: [String: Task<Void, Never>] = [:]
    /// Work of the newest apply, for whoever asks for the same again.
    var applied: [String: (workload: LocalWorkload, work: ApplyWork)] = [:]
    var programs: [String: (artifact: Artifact, product: String)] = [:]
    /// How many Pods each workload has had.
    var numbers: [String: Int] = [:]
    var lastUID = 0

    init(
        info: ClusterInfo, network: LocalNetwork, outside: (any OutsideServices)?, folder: LocalFolder, link: BuildLink,
        clock: EngineClock, files: @escaping @Sendable (String) -> [String]
    ) {
        self.info = info
        self.network = network
        self.outside = outside
        self.folder = folder
        self.link = link
        self.clock = clock
        self.files = files
    }

    nonisolated func take(_ plan: Plan) { network.take(plan.resources) }

    /// Whether a Pod is one of this machine's.
    nonisolated func has(uid: String) -> Bool { uid.hasPrefix("\(folder.name)-") }

    func identity() async -> String? { nil }

    /// Nothing is packed: the program is run where it was built.
    func makeImage(_ work: ImageWork, onEvent: @escaping @Sendable (ImageNotice) -> Void) async throws -> String {
        guard let artifact = work.artifact else { return work.image.ref }
        programs[work.image.ref] = (artifact, work.product)
        return "\(work.image.repository):\(artifact.digest.prefix(12))"
    }

    func program(of image: Image) async -> ImageProgram {
        ImageProgram(entrypoint: nil, problem: "local mode makes no image of \(image.ref)")
    }

    func deploy(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> CustomResult {
        throw Self.needsCluster(work.resource, "k8s_custom_deploy")
    }

    func locate(_ resource: Resource) async throws -> CustomResult {
        throw Self.needsCluster(resource, "sync_resource")
    }

    func takeDown(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {}

    private static func needsCluster(_ resource: Resource, _ builtin: String) -> DevloopError {
        DevloopError(
            .unhealthy, "\(resource.name) cannot run on this machine: \(builtin) needs a cluster",
            at: resource.location,
            hint: "leave it out with devloop up --local and the names of the others, or give devloop a cluster")
    }

    nonisolated func observe(_ resources: [Resource]) -> AsyncStream<ClusterUpdate> { board.observe() }

    nonisolated func logs(
        pod: PodStatus, container: String, runs: AsyncStream<String>
    ) -> AsyncThrowingStream<LoopEngine.LogLine, any Error> {
        let logs = logs
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: LoopEngine.LogLine.self)
        let task = Task {
            for await run in runs {
                for await line in logs.lines(of: run) { continuation.yield(line) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    func lastLines(pod: PodStatus, container: String, previous: Bool) async -> [String] {
        let runs = await found(pod)?.container(container)?.runs ?? []
        let ids = previous ? Array(runs.dropLast().suffix(1)) + runs.suffix(1) : Array(runs.suffix(1))
        return ids.lazy.map { self.logs.last(20, of: $0) }.first { !$0.isEmpty } ?? []
    }

    private func found(_ pod: PodStatus) -> LocalPod? { pods.values.first { $0.plan.identity.uid == pod.uid } }

    func attach(pod: PodStatus, container: String, isInjected: Bool) async throws -> any SyncConnection {
        guard let container = await found(pod)?.container(container)
        else { throw DevloopError(.sync, "\(pod.name) is gone") }
        return LocalSync(container: container, events: container.notices)
    }

    func attach(foreign pod: PodStatus, container: String, way: ContainerWay) async throws -> any SyncConnection {
        throw DevloopError(.syncImpossible, "\(pod.name) is not one of this machine's")
    }

    func dial(pod: PodStatus, port: Int) async throws -> any ByteChannel {
        guard let plan = found(pod)?.plan else {
            throw DevloopError(.unhealthy, "\(pod.name) is gone")
        }
        let local = network.ports[LocalNetwork.key(plan.workload), port] ?? port
        let place = plan.address.map { "\($0.host):\($0.port)" } ?? "\(LocalNetwork.host):\(local)"
        return try await HTTPClient().connect("http://\(place)", timeout: .seconds(3))
    }

    func ownPort(of resource: String, _ port: Int?) async -> Int? {
        for pod in pods.values where pod.plan.resource == resource {
            if let address = pod.plan.address { return address.isOfThisMachine ? address.port : nil }
            let declared = pod.plan.workload.ports.map(\.number)
            guard let wanted = port ?? declared.first, declared.contains(wanted) else { continue }
            return network.ports[LocalNetwork.key(pod.plan.workload), wanted]
        }
        return nil
    }

    func restart(pod: PodStatus) async throws {
        guard let key = found(pod).map({ LocalNetwork.key($0.plan.workload) }), let last = applied[key] else { return }
        try await replace(key, last.workload, last.work) { _ in }
    }

    func close() async {
        await withDiscardingTaskGroup { group in
            for key in Set(pods.keys).union(ending.keys) { group.addTask { await self.endPod(key) } }
        }
        await outside?.close()
        folder.remove()
    }
}
