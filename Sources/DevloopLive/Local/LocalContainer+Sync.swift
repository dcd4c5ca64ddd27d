// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import LocalPods
import LoopEngine
import PodSync
import ProcessRunner

/// What the agent does in a Pod: files in place, commands, the program anew, and the truth about it.
extension LocalContainer {
    /// How long a new program may take to become ready, as with the agent.
    private static let patience = Duration.seconds(60)

    private struct Change {
        var destination: String
        var source: String?
        var link: String?
        var entry: LocalRoot.Entry?
    }

    func apply(_ set: SyncSet) async throws -> SyncReport {
        isApplying = true
        defer { isApplying = false }
        let start = clock.now()
        var problems: [String] = []
        var set = set
        let built = set.files.first(where: \.isEntry)?.digest
        var again: (code: Int, message: String)?
        if let rejected, rejected.digest == built {
            set.files.removeAll { $0.isEntry || $0.companion != nil }
            again = (
                rejected.code, "the newest program ended at once and is not tried again; what ran before runs on"
            )
        }
        let changes = try await changes(of: set, &problems)
        let changed = Set(changes.map { ExactPath($0.destination) })
        let isNewProgram = set.files.contains {
            ($0.isEntry || $0.companion != nil) && changed.contains(ExactPath($0.destination))
        }
        before?.discard()
        before = nil
        var backup = LocalBackup(folder: "\(plan.root).before", running: running)
        let keeps = set.rollsBack && isNewProgram
        if keeps { LocalRoot.delete(backup.folder) }
        var sent = 0
        do {
            for change in changes {
                if keeps { try backup.keep(change.destination, of: root) }
                sent += try put(change)
            }
        } catch {
            // Half a set is none.
            if keeps { try? backup.restore(&root) }
            throw error
        }
        if keeps { before = backup }
        if isNewProgram, let built { running = built }
        if !changes.isEmpty { setAt = clock.now() }
        let send = clock.now() - start
        for command in set.commands { try await run(command) }
        var report = SyncReport(
            sent: sent, send: send, restart: nil, ready: nil, runningDigest: running, earlyExit: again)
        report.problems = problems
        let reactions = set.reactions(to: changed)
        if isNewProgram || reactions.restarts || (set.restarts && !set.commands.isEmpty) {
            try await restart(&report)
        } else if let untold {
            report.earlyExit = (
                untold.exitCode, LocalProgram.words(untold, uptime: uptime, isRolledBack: false)
            )
            self.untold = nil
        } else if let group {
            for signal in reactions.signals { kill(group, Int32(signal)) }
        }
        return report
    }

    private func changes(of set: SyncSet, _ problems: inout [String]) async throws -> [Change] {
        var changes: [Change] = []
        for file in set.files {
            if let folder = file.root, folder != file.source {
                switch SyncLink(file.source, inside: folder) {
                case .carried(let bytes):
                    let target = String(decoding: bytes, as: UTF8.self)
                    let entry = LocalRoot.Entry(content: "-> " + target, isExecutable: false)
                    if !root.has(file.destination, entry) {
                        changes.append(Change(destination: file.destination, link: target))
                    }
                    continue
                case .refused(let reason):
                    problems.append("the link \(file.source) is not synced: \(reason)")
                    continue
                case nil: break
                }
            }
            let entry = try await entry(of: file)
            if !root.has(file.destination, entry) {
                changes.append(Change(destination: file.destination, source: file.source, entry: entry))
            }
        }
        for deletion in set.deletions where HostPaths.exists(root.place(deletion.path)) {
            changes.append(Change(destination: deletion.path))
        }
        return changes
    }

    func entry(of file: SyncSet.File) async throws -> LocalRoot.Entry {
        let isProgram = file.isEntry || file.companion != nil
        if isProgram, let digest = file.digest {
            return LocalRoot.Entry(content: digest, isExecutable: file.isExecutable)
        }
        let described = try await digests.describe(file)
        return LocalRoot.Entry(
            content: described.digest.hex,
            isExecutable: isProgram ? file.isExecutable : described.mode & 0o100 != 0)
    }

    private func put(_ change: Change) throws -> Int {
        if let link = change.link {
            try root.link(link, at: change.destination)
            return 0
        }
        guard let source = change.source, let entry = change.entry else {
            _ = try root.remove(change.destination)
            return 0
        }
        return try root.install(source, at: change.destination, entry)
    }

    private func run(_ command: [String]) async throws {
        let result = try await ProcessRunner.run(
            ProcessCommand(command, directory: plan.directory, environment: .exact(plan.environment)))
        guard result.status.isSuccess else {
            throw DevloopError(
                .syncRun,
                "'\(command.joined(separator: " "))' for \(pod.identity.name) failed: \(result.status) \(result.errorText.suffix(500))",
                hint: "run steps execute on this machine, in the folder of the container")
        }
    }

    /// Starts the program anew and finds out what becomes of it.
    private func restart(_ report: inout SyncReport) async throws {
        let start = clock.now()
        await startAnew()
        let outcome = try await outcome { _ in self.end != nil || self.group != nil }
        report.restart = clock.now() - start
        let began = clock.now()
        if outcome, end == nil {
            _ = try await self.outcome { record in self.end != nil || record.isReady }
        }
        guard let end else {
            if record.isReady {
                report.ready = plan.checks.readiness == nil ? nil : clock.now() - began
            } else {
                report.earlyExit = (0, "the app runs, but its readiness check had no success within 60 s")
                report.isRunning = true
            }
            return
        }
        let isRolledBack = takeBack(end)
        report.earlyExit = (
            end.exitCode, LocalProgram.words(end, uptime: uptime, isRolledBack: isRolledBack)
        )
        report.isRolledBack = isRolledBack
        if isRolledBack {
            await startAnew()
            report.runningDigest = running
        }
    }

    /// Puts back what the newest set has replaced, where the spec asks for it.
    func takeBack(_ end: ContainerRecord.End) -> Bool {
        guard let backup = before else { return false }
        before = nil
        defer { backup.discard() }
        do {
            try backup.restore(&root)
        } catch {
            return false
        }
        rejected = (running, end.exitCode)
        running = backup.running
        setAt = nil
        return true
    }

    /// Waits until something holds of the container, or patience is over.
    /// - Returns: whether it holds.
    private func outcome(_ holds: (ContainerRecord) -> Bool) async throws -> Bool {
        lastWatcher += 1
        let number = lastWatcher
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        watchers[number] = continuation
        let clock = clock
        let alarm = Task {
            try? await clock.sleep(Self.patience)
            continuation.finish()
        }
        defer {
            alarm.cancel()
            watchers[number] = nil
        }
        if holds(record) { return true }
        for await _ in changes where holds(record) { return true }
        try Task.checkCancellation()
        return false
    }
}
