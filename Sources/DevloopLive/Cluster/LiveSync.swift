// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import KubeClient
import LoopEngine
import PodSync
import SyncProtocol
import Synchronization

/// One agent, for the engine.
final class LiveSync: SyncConnection {
    private let session: PodSyncSession
    private let client: KubeClient
    private let pod: PodStatus
    private let container: String
    /// While a set is applied its own result tells of the app's end.
    private let isApplying = Atomic(false)
    private let digests = FileDigests()
    let events: AsyncStream<SyncNotice>

    init(session: PodSyncSession, client: KubeClient, pod: PodStatus, container: String) {
        self.session = session
        self.client = client
        self.pod = pod
        self.container = container
        let (events, continuation) = AsyncStream.makeStream(of: SyncNotice.self, bufferingPolicy: .bufferingNewest(64))
        self.events = events
        let source = session.events
        Task { [weak self] in
            for await event in source {
                guard self?.isApplying.load(ordering: .relaxed) != true else { continue }
                if let notice = Self.notice(event) { continuation.yield(notice) }
            }
            continuation.finish()
        }
    }

    func apply(_ set: SyncSet) async throws -> SyncReport {
        isApplying.store(true, ordering: .relaxed)
        defer { isApplying.store(false, ordering: .relaxed) }
        var state = try await session.state()
        if try await takeOver(set.deletions, state) { state = try await session.state() }
        let program = try ProgramFiles(set, state: state, digests)
        var files = program.needed
        for file in set.files where !file.isEntry && file.companion == nil { files.append(try digests.describe(file)) }
        var changes = ChangeSet(files: files, deletions: set.deletions.map { ChangeSet.Deletion(path: $0) })
        // What the container has already is no reason to start its program again.
        let differs =
            state.isDirty || files.contains { !state.has($0) } || set.deletions.contains { state.files[$0] != nil }
        guard differs || !set.commands.isEmpty else {
            return SyncReport(
                sent: 0, send: .zero, restart: nil, ready: nil, runningDigest: state.executable?.hex ?? "",
                earlyExit: nil)
        }
        let restarts = set.restarts || program.isChanged
        if restarts { changes.restart = .always }
        // The program starts with what the commands have made of the files.
        if !set.commands.isEmpty { changes.restart = .never }
        var result = SyncResult(outcome: .unchanged, set: state.set)
        if differs { result = try await session.apply(changes) }
        if !set.commands.isEmpty {
            for command in set.commands { try await run(command) }
            if restarts || files.contains(where: { $0.isEntry && !state.has($0) }) {
                let restarted = try await session.restart()
                result.restart = restarted.restart
                result.ready = restarted.ready
                result.executable = restarted.executable
                result.failure = restarted.failure
            }
        }
        var report = SyncReport(
            sent: Int(clamping: result.bytesSent), send: result.send, restart: result.restart, ready: result.ready,
            runningDigest: (result.executable ?? state.executable)?.hex ?? "",
            earlyExit: result.failure.map(Self.words))
        report.isRunning = result.failure == .notReady
        return report
    }

    /// Only what was synced can be deleted. A file that came with the image is first replaced by an empty one, which is
    /// then ours: the rule that names it makes the container's file a copy of one that is gone.
    /// - Returns: whether there was one.
    private func takeOver(_ deletions: [String], _ state: ContainerState) async throws -> Bool {
        let foreign = deletions.filter { state.isDirty || state.files[$0] == nil }
        guard !foreign.isEmpty else { return false }
        let empty = foreign.map { SyncFile(destination: $0, bytes: []) }
        _ = try await session.apply(ChangeSet(files: empty, restart: .never))
        return true
    }

    func recorded() async -> [String] {
        guard let state = try? await session.state() else { return [] }
        return Array(state.files.keys)
    }

    func close() async { await session.close() }

    private func run(_ command: [String]) async throws {
        let result = try await client.execute(
            namespace: pod.namespace, pod: pod.name, container: container, command: command)
        guard case .exited(let code) = result.status, code == 0 else {
            let words = String(decoding: result.stderr.suffix(500), as: UTF8.self)
            throw DevloopError(
                .syncRun, "'\(command.joined(separator: " "))' in \(pod.name) failed: \(result.status) \(words)",
                hint: "run steps execute in the container, which needs the program")
        }
    }

    private static func notice(_ event: AgentEvent) -> SyncNotice? {
        switch event {
        case .appExited(let exit) where exit.next != .restart:
            let (code, message) = words(.exited(exit))
            return .exited(code: code, message: message)
        case .appFailed(let errno, let file):
            let (code, message) = words(.notStarted(errno: errno, file: file))
            return .exited(code: code, message: message)
        default: return nil
        }
    }

    private static func words(_ failure: AppFailure) -> (code: Int, message: String) {
        switch failure {
        case .exited(let exit):
            let how = exit.signal.map { "signal \($0)" } ?? "exit code \(exit.code)"
            return (Int(exit.code), "the app ended with \(how) after \(EventText.duration(exit.uptime.milliseconds))")
        case .notStarted(let errno, let file):
            return (127, "\(file) cannot be executed: \(String(cString: strerror(errno)))")
        case .notReady: return (0, "the app runs, but its readiness check had no success within 60 s")
        }
    }
}
