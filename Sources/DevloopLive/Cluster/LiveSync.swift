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
        let state = try await session.state()
        var files: [SyncFile] = []
        for file in set.files {
            let described = try Self.describe(file)
            // The image already holds what it was made from; only a newer program is brought.
            if file.isEntry, state.files[file.destination] == nil, state.executable == described.digest { continue }
            files.append(described)
        }
        var changes = ChangeSet(files: files, deletions: set.deletions.map { ChangeSet.Deletion(path: $0) })
        if set.restarts, !files.isEmpty { changes.restart = .always }
        guard !files.isEmpty || !set.deletions.isEmpty else {
            return SyncReport(
                sent: 0, send: .zero, restart: nil, ready: nil, runningDigest: state.executable?.hex ?? "",
                earlyExit: nil)
        }
        let result = try await session.apply(changes)
        for command in set.commands { try await run(command) }
        return SyncReport(
            sent: Int(clamping: result.bytesSent), send: result.send, restart: result.restart, ready: result.ready,
            runningDigest: (result.executable ?? state.executable)?.hex ?? "",
            earlyExit: result.failure.map(Self.words))
    }

    func close() async { await session.close() }

    private func run(_ command: [String]) async throws {
        let result = try await client.execute(
            namespace: pod.namespace, pod: pod.name, container: container, command: command)
        guard case .exited(let code) = result.status, code == 0 else {
            let words = String(decoding: result.stderr.suffix(500), as: UTF8.self)
            throw DevloopError(
                .sync, "'\(command.joined(separator: " "))' in \(pod.name) failed: \(result.status) \(words)",
                hint: "run steps execute in the container, which needs the program")
        }
    }

    private static func describe(_ file: SyncSet.File) throws -> SyncFile {
        var info = stat()
        guard stat(file.source, &info) == 0 else {
            throw DevloopError(.sync, "\(file.source) cannot be read: \(String(cString: strerror(errno)))")
        }
        let digest: ContentDigest
        do {
            digest = try SHA256.digest(ofFile: file.source)
        } catch {
            throw DevloopError(.sync, "\(file.source) cannot be read: \(String(cString: strerror(error.errno)))")
        }
        let isExecutable = file.isExecutable || info.st_mode & S_IXUSR != 0
        return SyncFile(
            destination: file.destination, source: .file(file.source), mode: isExecutable ? 0o755 : 0o644,
            digest: digest, size: UInt64(info.st_size), isEntry: file.isEntry)
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
