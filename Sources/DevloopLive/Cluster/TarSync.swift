// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import ImagePack
import KubeClient
import LoopEngine
import PodSync
import Synchronization

/// Files into a container without an agent, by its image's own `tar`, `rm` and `sha256sum`.
///
/// There is no transaction: what fails in the middle leaves some of the files. Each set is compared before and after by
/// the digests that the container itself computes.
final class TarSync: SyncConnection {
    /// The last file of each archive: when `tar` names it, all others are written. It is deleted again.
    static let endName = ".devloop-tar-end"

    private struct Known: Equatable {
        var digest: ContentDigest
        var mode: UInt16
    }

    private struct State {
        /// What the container was proved to have, or was sent where it can prove nothing.
        var files: [String: Known] = [:]
        /// What the program was not told yet because a command between failed.
        var owed = SyncDue()
    }

    private let commands: any ContainerCommands
    private let state = Mutex(State())
    private let digests: FileDigests
    /// Nothing is told by a container without an agent.
    let events: AsyncStream<SyncNotice>
    private let eventsEnd: AsyncStream<SyncNotice>.Continuation

    /// - Parameter readings: Shared by all containers, so that each file is read once.
    init(_ commands: any ContainerCommands, readings: SourceReadings = SourceReadings()) {
        self.commands = commands
        digests = FileDigests(readings: readings)
        (events, eventsEnd) = AsyncStream.makeStream(of: SyncNotice.self, bufferingPolicy: .bufferingNewest(1))
    }

    func recorded() async -> [String] { [] }

    func close() async { eventsEnd.finish() }

    func apply(_ set: SyncSet) async throws -> SyncReport {
        let start = ContinuousClock.now
        var problems: [String] = []
        let files = try await describe(set, &problems)
        let known = state.withLock(\.files)
        let open = files.filter { known[$0.destination] != Known(digest: $0.digest, mode: $0.mode) }
        let gone = set.deletions.map(\.path)
        var unverified: String?
        var sent = 0
        var due = state.withLock(\.owed)
        if !open.isEmpty || !gone.isEmpty {
            let there = try await digests(of: open.map(\.destination) + gone)
            let needed = open.filter { file in
                // What the container is not known to have may have another mode.
                known[file.destination] != nil || there?[file.destination] != file.digest.hex
            }
            let leaving = there.map { there in gone.filter { there[$0] != nil } } ?? gone
            try await remove(leaving)
            sent = try await send(needed)
            unverified = try await verify(needed, leaving, can: there != nil)
            state.withLock { state in
                for file in open { state.files[file.destination] = Known(digest: file.digest, mode: file.mode) }
                for path in gone { state.files[path] = nil }
            }
            let changed = Set((needed.map(\.destination) + leaving).map(ExactPath.init))
            due.add(set.reactions(to: changed), startsAnew: false)
        }
        state.withLock { $0.owed = due }
        let send = ContinuousClock.now - start
        for command in set.commands { try await runStep(command) }
        try await tell(due)
        state.withLock { $0.owed = SyncDue() }
        var report = SyncReport(
            sent: sent, send: send, restart: nil, ready: nil, runningDigest: "", earlyExit: nil)
        report.problems = problems
        report.unverified = unverified
        return report
    }

    private func describe(_ set: SyncSet, _ problems: inout [String]) async throws -> [SyncFile] {
        var files: [SyncFile] = []
        for file in set.files {
            if let root = file.root, root != file.source, SyncLink(file.source, inside: root) != nil {
                problems.append("the link \(file.source) is not synced: tar is not asked to bring links")
            } else {
                files.append(try await digests.describe(file))
            }
        }
        return files
    }

    /// What the container has at these paths, by its own account; nil when its image cannot tell.
    private func digests(of paths: [String]) async throws -> [String: String]? {
        var found: [String: String] = [:]
        for group in TarWords.groups(paths) {
            // It complains about files that are not there, which is an answer.
            let result = try await commands.run(["sha256sum", "--"] + group)
            if TarWords.isMissing(result) { return nil }
            if case .failed(let words) = result.status { throw failure("sha256sum", result, words) }
            found.merge(TarWords.digests(result.stdout)) { $1 }
        }
        return found
    }

    private func remove(_ paths: [String]) async throws {
        for group in TarWords.groups(paths) {
            let result = try await commands.run(["rm", "-f", "--"] + group)
            guard result.status == .exited(0) else {
                if TarWords.isMissing(result) { throw missing("rm") }
                throw failure("rm", result)
            }
        }
    }

    /// - Returns: bytes sent.
    private func send(_ files: [SyncFile]) async throws -> Int {
        guard let last = files.last else { return 0 }
        var archive = TarBuilder()
        for file in files {
            guard case .file(let path) = file.source else { continue }
            try archive.add(
                file: path, size: Int(file.size), at: Self.relative(file.destination), mode: Int(file.mode))
        }
        let end = Self.endFile(beside: last)
        try archive.add(bytes: [], at: Self.relative(end))
        let source = Self.ended(archive.source)
        let result = try await commands.feed(
            ["tar", "-x", "-v", "-o", "-m", "-f", "-", "-C", "/"], source, until: Self.endName)
        if TarWords.isMissing(result) { throw missing("tar") }
        let faults = TarWords.faults(result.stderr)
        var tail = LineTail()
        tail.add(result.stdout)
        guard faults.isEmpty, tail.hasLine(endingWith: Self.endName) else {
            var words = faults
            if words.isEmpty, case .failed(let text) = result.status { words = [text] }
            if words.isEmpty { words = TarWords.lines(result.stderr) }
            throw TarWords.failure("tar", words, place: commands.place)
        }
        return source.size
    }

    /// An archive's proper end has tar wait for the end of its input as well. A block that is no header ends it where it
    /// reads single blocks; where it reads twenty at once, and goes on, it has named the last file by then.
    static func ended(_ archive: ByteSource) -> ByteSource {
        var source = archive
        source.append([UInt8](repeating: 1, count: 512 + (10_240 - (source.size + 512) % 10_240) % 10_240))
        return source
    }

    /// - Returns: why nobody can tell.
    private func verify(_ sent: [SyncFile], _ gone: [String], can: Bool) async throws -> String? {
        if let last = sent.last { try await remove([Self.endFile(beside: last)]) }
        guard !sent.isEmpty || !gone.isEmpty else { return nil }
        guard can, let there = try await digests(of: sent.map(\.destination) + gone) else {
            return "the image of \(commands.place) has no sha256sum"
        }
        if let wrong = sent.first(where: { there[$0.destination] != $0.digest.hex }) {
            throw DevloopError(
                .sync, "\(wrong.destination) in \(commands.place) is not what was sent",
                hint: "it may have changed on one of both sides meanwhile")
        }
        if let left = gone.first(where: { there[$0] != nil }) {
            throw DevloopError(.sync, "\(left) in \(commands.place) is still there")
        }
        return nil
    }

    private func runStep(_ command: [String]) async throws {
        let result = try await commands.run(command)
        guard result.status == .exited(0) else {
            throw DevloopError(
                .syncRun,
                "'\(command.joined(separator: " "))' in \(commands.place) failed: \(Self.words(result))",
                hint: "run steps execute in the container, which needs the program")
        }
    }

    /// The first process of the container is the app, as far as anybody can tell from outside.
    private func tell(_ due: SyncDue) async throws {
        for signal in due.signals.sorted() {
            let result = try await commands.run(["kill", "-\(signal)", "1"])
            guard result.status == .exited(0) else {
                throw DevloopError(
                    .syncRun, "signal \(signal) cannot be sent in \(commands.place): \(Self.words(result))",
                    hint: "without an agent the image needs a program 'kill'")
            }
        }
        guard !due.restarts else {
            throw DevloopError(
                .syncRun, "the program in \(commands.place) cannot be started again without an agent",
                hint: "let it reload by signal='HUP' of a sync step, or by a run step")
        }
    }

    private func missing(_ program: String) -> DevloopError {
        DevloopError(
            .syncImpossible, "the image of \(commands.place) has no program '\(program)'",
            hint: "via='tar' needs it; an image that devloop makes takes files without it")
    }

    private func failure(_ program: String, _ result: ExecResult, _ words: String? = nil) -> DevloopError {
        TarWords.failure(program, words.map { [$0] } ?? TarWords.lines(result.stderr), place: commands.place)
    }

    private static func words(_ result: ExecResult) -> String {
        let text = TarWords.lines(result.stderr).suffix(5).joined(separator: "; ")
        switch result.status {
        case .exited(let code): return "exit code \(code)" + (text.isEmpty ? "" : ": \(text)")
        case .failed(let words): return words
        }
    }

    private static func relative(_ path: String) -> String { String(path.drop { $0 == "/" }) }

    private static func endFile(beside file: SyncFile) -> String {
        let folder = file.destination[...(file.destination.lastIndex(of: "/") ?? file.destination.startIndex)]
        return folder + endName
    }
}
