// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Glibc
import LocalPods
import LoopEngine
import Plan
import ProcessRunner

/// One container of a Pod of this machine: its process, started again by the rules of its Pod. Topics: `+Run`, `+Probes`,
/// `+Sync`.
actor LocalContainer {
    let plan: LocalPodPlan.Container
    let pod: LocalPodPlan
    let board: LocalBoard
    let logs: LocalLogs
    let clock: EngineClock
    let digests: FileDigests
    var root: LocalRoot
    private(set) var record: ContainerRecord
    /// Ids of all lives, for their logs. A program that is replaced in place goes on with the life of the one before, as
    /// it does with the agent.
    var runs: [String] = []
    var isLifeOver = true

    private var loop: Task<Void, Never>?
    /// Its Pod is going: nothing is started any more.
    private var isClosed = false
    /// An end that came while a set was being applied, and that its report has to tell.
    var untold: ContainerRecord.End?
    private var backOff = CrashBackOff()
    /// The process group of the program; nil while none runs.
    var group: Int32?
    /// When the newest change set came in.
    var setAt: ContinuousClock.Instant?
    /// What became of the newest run, for whoever waits for it.
    private(set) var end: ContainerRecord.End?
    /// Uptime of the run that ``end`` tells of.
    private(set) var uptime = Duration.zero
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    var lastWatcher = 0
    let (notices, noticing) = AsyncStream.makeStream(of: SyncNotice.self, bufferingPolicy: .bufferingNewest(64))
    /// The program that a set was taken back for, and how it ended.
    var rejected: (digest: String, code: Int)?
    /// Digest of the program that runs, in hexadecimal.
    var running = ""
    /// What was in place before the newest set, while it may still be taken back.
    var before: LocalBackup?

    /// An app that ends within this time of a change set waits for the next one (design §4.5).
    static let settling = Duration.seconds(10)

    init(
        _ plan: LocalPodPlan.Container, pod: LocalPodPlan, board: LocalBoard, logs: LocalLogs, digests: FileDigests,
        clock: EngineClock
    ) {
        self.digests = digests
        self.plan = plan
        self.pod = pod
        self.board = board
        self.logs = logs
        self.clock = clock
        root = LocalRoot(path: plan.root)
        record = ContainerRecord(name: plan.name, image: plan.image, isInit: plan.isInit)
    }

    // MARK: Life

    func change(_ body: (inout ContainerRecord) -> Void) {
        var changed = record
        body(&changed)
        guard changed != record else { return }
        record = changed
        board.change(pod.identity.uid, at: clock.wall()) { pod in
            guard let index = pod.containers.firstIndex(where: { $0.name == changed.name }) else { return }
            pod.containers[index] = changed
        }
        wake()
    }

    private func wake() { for watcher in watchers.values { watcher.yield() } }

    /// Puts the files of its image in place.
    func prepare(files: (String) -> [String]) async throws {
        try LocalRoot.makeFolder(plan.directory)
        if let artifact = plan.artifact {
            for item in LocalProgram.files(of: artifact, product: plan.product) {
                _ = try root.install(item.source, at: item.destination, item.entry)
            }
            running = artifact.digest
        }
        for mapping in plan.files {
            for source in files(mapping.source) {
                let destination = mapping.destination + source.dropFirst(mapping.source.count)
                let file = SyncSet.File(
                    source: source, destination: destination, isExecutable: false, isEntry: false)
                _ = try root.install(source, at: destination, try await entry(of: file))
            }
        }
    }

    /// Starts it, and keeps it running as its Pod's policy says.
    func start() {
        guard loop == nil, !isClosed else { return }
        loop = Task { await self.live() }
    }

    /// Ends the program, with all that it has started, and waits until it is gone.
    private func stop() async {
        let current = loop
        current?.cancel()
        await current?.value
        // Somebody else may have waited for the same, and started the next one.
        if loop == current { loop = nil }
    }

    /// Ends it for good, with its log.
    func close() async {
        isClosed = true
        await stop()
        if let life = runs.last { logs.end(life) }
    }

    /// Starts the program anew; what became of earlier runs is forgotten.
    func startAnew() async {
        await stop()
        backOff = CrashBackOff()
        end = nil
        untold = nil
        start()
    }

    /// Runs an init container: again and again until it succeeds, unless its Pod says that it is over.
    /// - Returns: whether it succeeded.
    func complete() async -> Bool {
        start()
        await loop?.value
        if case .ended(let end) = record.state { return end.exitCode == 0 }
        return false
    }

    /// The kubelet starts init containers again until they succeed, except where the policy is Never.
    private var policy: String {
        let policy = pod.workload.restartPolicy
        return plan.isInit && policy == "Always" ? "OnFailure" : policy
    }

    private func live() async {
        if let problem = plan.problem {
            change {
                $0.state = .waiting(reason: problem.reason, message: problem.message.isEmpty ? nil : problem.message)
            }
            return
        }
        while !Task.isCancelled {
            let started = clock.now()
            guard let end = await run() else { return }
            self.end = end
            uptime = clock.now() - started
            wake()
            if let setAt, plan.isLive, clock.now() - setAt < Self.settling {
                return await endedAfterSet(end)
            }
            logs.end(end.id)
            isLifeOver = true
            change { record in
                record.state = .ended(end)
                record.isReady = plan.isInit && end.exitCode == 0
            }
            guard CrashBackOff.restarts(policy, exitCode: end.exitCode) else { return }
            let delay = backOff.delay(afterUptime: uptime)
            if delay > .zero {
                change { record in
                    record.last = end
                    record.state = .waiting(
                        reason: "CrashLoopBackOff",
                        message:
                            "back-off \(delay.components.seconds)s restarting failed container=\(record.name) pod=\(pod.identity.name)"
                    )
                }
                guard (try? await clock.sleep(delay)) != nil else { return }
            }
            change { record in
                record.last = end
                record.restarts += 1
            }
        }
    }

    /// As with the agent, the container stays and waits for the next set.
    private func endedAfterSet(_ end: ContainerRecord.End) async {
        // Who applies a set tells of it in the report.
        guard !isApplying else {
            untold = end
            return change { $0.isReady = false }
        }
        let isRolledBack = takeBack(end)
        change { $0.isReady = false }
        noticing.yield(
            .exited(
                code: end.exitCode, message: LocalProgram.words(end, uptime: uptime, isRolledBack: isRolledBack),
                isRolledBack: isRolledBack))
        // This task is the loop: the next life is another one's.
        if isRolledBack { Task { await self.startAnew() } }
    }

    /// A set is being applied.
    var isApplying = false
}
