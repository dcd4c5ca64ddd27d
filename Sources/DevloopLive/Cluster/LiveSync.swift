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
    /// The process whose end the last result has told; its event may be read later.
    private let reported = Mutex<Int32?>(nil)
    private let digests: FileDigests
    /// The program whose set was taken back, by its digest in hexadecimal, and the code that it ended with.
    private let rejected = Mutex<(digest: String, code: Int)?>(nil)
    /// What the program was not told yet because a command between failed.
    private let owed = Mutex(SyncDue())
    let events: AsyncStream<SyncNotice>

    init(
        session: PodSyncSession, client: KubeClient, pod: PodStatus, container: String, readings: SourceReadings
    ) {
        digests = FileDigests(readings: readings)
        self.session = session
        self.client = client
        self.pod = pod
        self.container = container
        let (events, continuation) = AsyncStream.makeStream(of: SyncNotice.self, bufferingPolicy: .bufferingNewest(64))
        self.events = events
        let source = session.events
        Task { [weak self] in
            for await event in source {
                guard self?.isNews(event) != false else { continue }
                if let notice = Self.notice(event) { continuation.yield(notice) }
            }
            continuation.finish()
        }
    }

    /// The program that the last set has brought, by its digest; nil when it brought none.
    private let brought = Mutex<String?>(nil)

    private func isNews(_ event: AgentEvent) -> Bool {
        // Without a readiness check a program counts as ready when it runs, and is taken back after that.
        if case .appExited(let exit) = event, exit.next == .rolledBack { reject(code: Int(exit.code)) }
        if isApplying.load(ordering: .relaxed) { return false }
        guard case .appExited(let exit) = event else { return true }
        return reported.withLock { $0 } != exit.pid
    }

    private func reject(code: Int) {
        guard let digest = brought.withLock({ $0 }) else { return }
        rejected.withLock { $0 = (digest, code) }
    }

    func apply(_ set: SyncSet) async throws -> SyncReport {
        isApplying.store(true, ordering: .relaxed)
        defer { isApplying.store(false, ordering: .relaxed) }
        var state = try await session.current()
        var problems: [String] = []
        var program = ProgramFiles()
        let built = set.files.first(where: \.isEntry)?.digest
        let refused = rejected.withLock { $0 }.flatMap { $0.digest == built ? $0.code : nil }
        // One that was taken back would take the other files of the set back with it.
        if refused == nil {
            if let gone = try ProgramFiles.missing(of: set, state: state) {
                problems.append("\(gone) is gone: the container keeps the program that it has")
            } else {
                program = try await ProgramFiles(set, state: state, digests)
            }
        }
        let again = refused.map { code in
            (code: code, message: "the newest program ended at once and is not tried again; what ran before runs on")
        }
        let files = try await program.needed + describe(set, &problems)
        var changes = ChangeSet(
            files: files, deletions: set.deletions.map { ChangeSet.Deletion(path: $0.path) }, rollsBack: set.rollsBack)
        let foreign = set.deletions.map(\.path).filter {
            (state.isDirty || state.file($0) == nil) && !state.hasFile(above: $0)
        }
        // What the container has already is no reason to start its program again.
        let changed = state.changed(by: changes).union(foreign.map(ExactPath.init))
        let entry = files.first(where: \.isEntry)
        let isNewEntry = entry.map { !state.has($0) } ?? false
        let pending = owed.withLock { $0 }
        var due = pending
        due.add(set.reactions(to: changed), startsAnew: isNewEntry || program.isChanged)
        if !set.commands.isEmpty {
            // The same commands have failed before the program was started anew, or the stream has broken then.
            let isOld = entry.map { $0.digest != state.executable } ?? false
            due.add((set.restarts, []), startsAnew: isOld)
        }
        let differs = state.isDirty || !changed.isEmpty || files.contains { !state.has($0) }
        guard differs || !set.commands.isEmpty || due.isAnything else {
            var report = SyncReport(
                sent: 0, send: .zero, restart: nil, ready: nil, runningDigest: state.executable?.hex ?? "",
                earlyExit: again)
            report.problems = problems
            return report
        }
        if !foreign.isEmpty {
            try await takeOver(foreign, with: state.isDirty ? files : [])
            state = try await session.current()
        }
        // The program starts with what the commands have made of the files.
        let isDirect = set.commands.isEmpty && !pending.isAnything
        changes.restart = isDirect ? due.rule : .never
        owed.withLock { $0 = due }
        var result = SyncResult(outcome: .unchanged, set: state.set)
        if differs {
            brought.withLock { $0 = isNewEntry ? built : nil }
            result = try await session.apply(changes)
        }
        for command in set.commands { try await run(command) }
        if !isDirect, due.restarts {
            try await restart(after: &result)
        } else {
            for signal in due.signals.sorted().dropFirst(isDirect ? 1 : 0) { try await session.signal(signal) }
        }
        owed.withLock { $0 = SyncDue() }
        if case .exited(let exit) = result.failure { reported.withLock { $0 = exit.pid } }
        if result.isRolledBack, let failure = result.failure {
            reject(code: Self.words(failure, isRolledBack: true).code)
        }
        var report = SyncReport(
            sent: Int(clamping: result.bytesSent), send: result.send, restart: result.restart, ready: result.ready,
            runningDigest: (result.executable ?? state.executable)?.hex ?? "",
            earlyExit: result.failure.map { Self.words($0, isRolledBack: result.isRolledBack) } ?? again)
        report.isRunning = result.failure == .notReady
        report.isRolledBack = result.isRolledBack
        report.problems = problems
        return report
    }

    /// The files of rules, as the container should have them; a link that cannot be carried is left out.
    private func describe(_ set: SyncSet, _ problems: inout [String]) async throws -> [SyncFile] {
        var links: [SyncFile] = []
        var files: [SyncSet.File] = []
        for file in set.files where !file.isEntry && file.companion == nil {
            switch file.root.flatMap({ $0 == file.source ? nil : SyncLink(file.source, inside: $0) }) {
            case .carried(let target): links.append(SyncFile(destination: file.destination, link: target))
            case .refused(let reason): problems.append("the link \(file.source) is not synced: \(reason)")
            case nil: files.append(file)
            }
        }
        return try await digests.describe(files) + links
    }

    private func restart(after result: inout SyncResult) async throws {
        let restarted = try await session.restart(of: result.outcome == .committed ? result.set : nil)
        result.restart = restarted.restart
        result.ready = restarted.ready
        result.executable = restarted.executable
        result.failure = restarted.failure
        result.isRolledBack = restarted.isRolledBack
    }

    /// Only what was synced can be deleted. A file that came with the image is first replaced by an empty one, which is
    /// then ours: the rule that names it makes the container's file a copy of one that is gone.
    /// - Parameter files: all others of the set, for a container that does not know what it has.
    private func takeOver(_ paths: [String], with files: [SyncFile]) async throws {
        let empty = paths.map { SyncFile(destination: $0, bytes: []) }
        _ = try await session.apply(ChangeSet(files: files + empty, restart: .never))
    }

    func recorded() async -> [String] {
        guard let state = try? await session.current() else { return [] }
        return state.files.keys.map(\.text)
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
        case .appExited(let exit) where exit.next != .restart && exit.pid != 0:
            let isRolledBack = exit.next == .rolledBack
            let (code, message) = words(.exited(exit), isRolledBack: isRolledBack)
            return .exited(code: code, message: message, isRolledBack: isRolledBack)
        case .appFailed(let errno, let file):
            let (code, message) = words(.notStarted(errno: errno, file: file), isRolledBack: false)
            return .exited(code: code, message: message)
        default: return nil
        }
    }

    private static func words(_ failure: AppFailure, isRolledBack: Bool) -> (code: Int, message: String) {
        let more = isRolledBack ? "; what ran before runs again" : ""
        switch failure {
        case .exited(let exit):
            let how = exit.signal.map { "signal \($0)" } ?? "exit code \(exit.code)"
            let uptime = EventText.duration(exit.uptime.milliseconds)
            return (Int(exit.code), "the app ended with \(how) after \(uptime)\(more)")
        case .notStarted(let errno, let file):
            return (127, "\(file) cannot be executed: \(String(cString: strerror(errno)))\(more)")
        case .notReady: return (0, "the app runs, but its readiness check had no success within 60 s")
        }
    }
}
