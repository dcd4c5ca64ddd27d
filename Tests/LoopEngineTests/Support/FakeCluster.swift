// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Plan
import Synchronization

/// A cluster that is there or not, as the test says.
final class FakeCluster: ClusterPort {
    let connection: FakeConnection
    private let failures = Mutex<[DevloopError]>([])
    private let attempts = Mutex(0)

    init(_ connection: FakeConnection) { self.connection = connection }

    static let kubeconfig = "/home/user/.kube/config"
    var configurationFiles: [String] { [Self.kubeconfig] }
    var attemptCount: Int { attempts.withLock { $0 } }

    /// The next attempts fail with these.
    func setFailures(_ errors: [DevloopError]) { failures.withLock { $0 = errors } }

    func connect(_ settings: PlanSettings) async throws -> any ClusterConnection {
        attempts.withLock { $0 += 1 }
        let failure = failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let failure { throw failure }
        return connection
    }
}

/// The far side: records what is asked, tells what the test says.
final class FakeConnection: ClusterConnection {
    private struct State {
        var images: [ImageWork] = []
        var applied: [ApplyWork] = []
        var applyFailures: [DevloopError] = []
        var imageFailures: [DevloopError] = []
        var attachFailures: [DevloopError] = []
        var generations: [String: Int] = [:]
        var moreGenerations: Set<String> = []
        var versions: [String: Int] = [:]
        var deployed: [CustomWork] = []
        var deployResults: [CustomResult] = []
        var takenDown: [String] = []
        var observed: [[Resource]] = []
        var deleted: [String] = []
        var kept: [[String]] = []
        var pods: [String: [PodStatus]] = [:]
        var observers: [AsyncStream<ClusterUpdate>.Continuation] = []
        var lastLines: [String] = []
        var restarted: [String] = []
        var syncs: [FakeSync] = []
        var report = SyncReport(
            sent: 117, send: .milliseconds(6), restart: .milliseconds(21), ready: .milliseconds(9),
            runningDigest: "digest", earlyExit: nil)
        var isClosed = false
        var identity = "first"
        var server = "v1.24.0"
        var program = ImageProgram(entrypoint: ["/bin/server"])
        /// Of each attach, whether the agent was injected.
        var attached: [Bool] = []
        var recorded: [String] = []
        var ways: [ContainerWay] = []
        var located: [String] = []
    }

    private let state = Mutex(State())

    var info: ClusterInfo {
        ClusterInfo(
            context: "kind-test", namespace: "shop", server: state.withLock(\.server), runtime: "containerd://1",
            architecture: "amd64", delivery: "a test's", identity: "first")
    }

    /// The cluster is of this version.
    func setServer(_ version: String) { state.withLock { $0.server = version } }

    /// Another cluster answers from now on.
    func replace() { state.withLock { $0.identity = "second" } }
    func identity() async -> String? { state.withLock(\.identity) }

    var images: [ImageWork] { state.withLock(\.images) }
    var applied: [ApplyWork] { state.withLock(\.applied) }
    var deployed: [CustomWork] { state.withLock(\.deployed) }
    /// Names of the resources whose `delete_cmd` was run.
    var takenDown: [String] { state.withLock(\.takenDown) }
    /// What each observation was to look for.
    var observed: [[Resource]] { state.withLock(\.observed) }
    /// What the commands of `k8s_custom_deploy` say from now on, one after another; the last one stays.
    func setDeployResults(_ results: [CustomResult]) { state.withLock { $0.deployResults = results } }
    var deleted: [String] { state.withLock(\.deleted) }
    /// Names of the objects that each prune was to keep.
    var kept: [[String]] { state.withLock(\.kept) }
    var restarted: [String] { state.withLock(\.restarted) }
    var syncs: [FakeSync] { state.withLock(\.syncs) }
    var isClosed: Bool { state.withLock(\.isClosed) }

    var attached: [Bool] { state.withLock(\.attached) }
    /// What images run by themselves.
    func setProgram(_ program: ImageProgram) { state.withLock { $0.program = program } }
    /// What containers have by their own records.
    func setRecorded(_ paths: [String]) { state.withLock { $0.recorded = paths } }
    func recorded() -> [String] { state.withLock(\.recorded) }

    func failApply(_ errors: [DevloopError]) { state.withLock { $0.applyFailures = errors } }
    func failImage(_ errors: [DevloopError]) { state.withLock { $0.imageFailures = errors } }
    func failAttach(_ errors: [DevloopError]) { state.withLock { $0.attachFailures = errors } }
    func setLastLines(_ lines: [String]) { state.withLock { $0.lastLines = lines } }
    func setReport(_ report: SyncReport) { state.withLock { $0.report = report } }
    func report() -> SyncReport { state.withLock(\.report) }

    /// Marks of further workloads that each apply makes.
    func setMoreGenerations(_ generations: Set<String>) { state.withLock { $0.moreGenerations = generations } }

    /// Versions of the custom resources that each apply makes, by uid.
    func setVersions(_ versions: [String: Int]) { state.withLock { $0.versions = versions } }

    /// The generation that the newest apply of a resource made.
    func generation(_ resource: String) -> String {
        "\(resource)-\(state.withLock { $0.generations[resource] ?? 0 })"
    }

    /// Tells the Pods of a resource; those of others stay.
    func setPods(_ resource: String, _ pods: [PodStatus]) {
        state.withLock { state in
            state.pods[resource] = pods
            for observer in state.observers { observer.yield(.pods(state.pods)) }
        }
    }

    func tell(_ update: ClusterUpdate) {
        state.withLock { state in
            for observer in state.observers { observer.yield(update) }
        }
    }

    func makeImage(_ work: ImageWork, onEvent: @escaping @Sendable (ImageNotice) -> Void) async throws -> String {
        let (number, failure) = state.withLock { state in
            state.images.append(work)
            return (state.images.count, state.imageFailures.isEmpty ? nil : state.imageFailures.removeFirst())
        }
        if let failure { throw failure }
        let reference = "\(work.image.ref):devloop-\(number)"
        onEvent(.packed(reference: reference, digest: "sha256:ab", size: 1000, duration: .milliseconds(30)))
        onEvent(.delivered(reference: reference, way: "delta archive", sent: 100, duration: .milliseconds(40)))
        return reference
    }

    func program(of image: Image) async -> ImageProgram { state.withLock(\.program) }

    func apply(_ work: ApplyWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws -> ApplyResult {
        let failure = state.withLock { state in
            state.applied.append(work)
            return state.applyFailures.isEmpty ? nil : state.applyFailures.removeFirst()
        }
        if let failure {
            if let object = work.objects.first { onEvent(.failed(object: object, error: failure)) }
            throw failure
        }
        for object in work.objects { onEvent(.applied(object: object.shortName, result: "configured")) }
        let versions = state.withLock(\.versions)
        guard work.objects.contains(where: { !$0.podSpecs.isEmpty }) else { return ApplyResult(versions: versions) }
        state.withLock { $0.generations[work.resource.name, default: 0] += 1 }
        let generations = state.withLock(\.moreGenerations).union([generation(work.resource.name)])
        return ApplyResult(generations: generations, versions: versions)
    }

    func deploy(
        _ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void
    ) async throws -> CustomResult {
        let (failure, result) = state.withLock { state in
            state.deployed.append(work)
            let failure = state.applyFailures.isEmpty ? nil : state.applyFailures.removeFirst()
            let result = state.deployResults.first ?? CustomResult(objects: [], generation: nil)
            if failure == nil, state.deployResults.count > 1 { state.deployResults.removeFirst() }
            return (failure, result)
        }
        if let failure { throw failure }
        for object in result.objects { onEvent(.applied(object: object.shortName, result: "configured")) }
        return result
    }

    func takeDown(_ work: CustomWork, onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        state.withLock { $0.takenDown.append(work.resource.name) }
    }

    func delete(_ objects: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        state.withLock { $0.deleted += objects.map(\.shortName) }
        for object in objects { onEvent(.pruned(object: object.shortName)) }
    }

    func prune(keeping: [ManifestObject], onEvent: @escaping @Sendable (ApplyNotice) -> Void) async throws {
        state.withLock { $0.kept.append(keeping.map(\.shortName)) }
    }

    func observe(_ resources: [Resource]) -> AsyncStream<ClusterUpdate> {
        let (stream, continuation) = AsyncStream.makeStream(of: ClusterUpdate.self)
        state.withLock { state in
            state.observers.append(continuation)
            state.observed.append(resources)
            continuation.yield(.pods(state.pods))
        }
        return stream
    }

    func logs(
        pod: PodStatus, container: String, runs: AsyncStream<String>
    ) -> AsyncThrowingStream<LogLine, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: LogLine.self)
        let reading = Task {
            for await _ in runs {
                continuation.yield(
                    LogLine(time: WallTime(milliseconds: 0), bytes: Array("\(pod.name) \(container) says".utf8)))
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in reading.cancel() }
        return stream
    }

    func lastLines(pod: PodStatus, container: String, previous: Bool) async -> [String] {
        state.withLock(\.lastLines)
    }

    func attach(pod: PodStatus, container: String, isInjected: Bool) async throws -> any SyncConnection {
        state.withLock { $0.attached.append(isInjected) }
        let failure = state.withLock { $0.attachFailures.isEmpty ? nil : $0.attachFailures.removeFirst() }
        if let failure { throw failure }
        let sync = FakeSync(pod: pod.name, connection: self)
        state.withLock { $0.syncs.append(sync) }
        return sync
    }

    func locate(_ resource: Resource) async throws -> CustomResult {
        let (failure, result) = state.withLock { state in
            state.located.append(resource.name)
            let failure = state.applyFailures.isEmpty ? nil : state.applyFailures.removeFirst()
            return (failure, state.deployResults.first)
        }
        if let failure { throw failure }
        return result ?? CustomResult(objects: [], podSelectors: [["app": resource.name]], generation: nil)
    }

    func attach(foreign pod: PodStatus, container: String, way: ContainerWay) async throws -> any SyncConnection {
        state.withLock { $0.ways.append(way) }
        return try await attach(pod: pod, container: container, isInjected: false)
    }

    /// How each container was attached that devloop has not rendered.
    var ways: [ContainerWay] { state.withLock(\.ways) }
    /// Names of the resources whose workloads were looked for.
    var located: [String] { state.withLock(\.located) }

    func dial(pod: PodStatus, port: Int) async throws -> any ByteChannel {
        throw DevloopError(.process, "dialled \(pod.name):\(port)")
    }

    func restart(pod: PodStatus) async throws { state.withLock { $0.restarted.append(pod.name) } }

    func close() async { state.withLock { $0.isClosed = true } }
}

/// A stream to the agent of one container.
final class FakeSync: SyncConnection {
    private struct State {
        var sets: [SyncSet] = []
        var failures: [DevloopError] = []
        var isClosed = false
    }

    let pod: String
    let events: AsyncStream<SyncNotice>
    private let continuation: AsyncStream<SyncNotice>.Continuation
    private let state = Mutex(State())
    private let connection: FakeConnection

    init(pod: String, connection: FakeConnection) {
        self.pod = pod
        self.connection = connection
        (events, continuation) = AsyncStream.makeStream(of: SyncNotice.self)
    }

    var sets: [SyncSet] { state.withLock(\.sets) }
    var isClosed: Bool { state.withLock(\.isClosed) }

    func failNext(_ error: DevloopError) { state.withLock { $0.failures.append(error) } }
    func tell(_ notice: SyncNotice) { continuation.yield(notice) }
    /// The stream breaks.
    func breakOff() { continuation.finish() }

    func apply(_ set: SyncSet) async throws -> SyncReport {
        let failure = state.withLock { state in
            state.sets.append(set)
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { throw failure }
        return connection.report()
    }

    func recorded() async -> [String] { connection.recorded() }

    func close() async {
        state.withLock { $0.isClosed = true }
        continuation.finish()
    }
}
