// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack
import KubeClient
import LoopEngine
import ProcessRunner
import Synchronization
import Testing

@testable import DevloopLive

/// Files by the tar of a container. What real programs do is in the tests with a cluster.
@Suite(.timeLimit(.minutes(1)))
struct TarSyncTests {
    /// A container whose programs are pretended: it has digests by path, and keeps what it is told.
    final class Container: ContainerCommands {
        struct State {
            var programs: Set<String> = ["tar", "rm", "sha256sum", "kill", "index"]
            var files: [String: String] = [:]
            var commands: [[String]] = []
            var bytes: [UInt8] = []
            /// What tar leaves when it is fed.
            var unpacked: [String: String] = [:]
            var tar = ExecResult(status: .exited(1), stdout: Array("srv/a\nsrv/.devloop-tar-end\n".utf8))
            var failing: Set<String> = []
        }

        let state = Mutex(State())
        var place: String { "web-1/main" }
        var commands: [String] { state.withLock { $0.commands.map { $0.joined(separator: " ") } } }

        func run(_ command: [String]) async throws -> ExecResult {
            state.withLock { state in
                state.commands.append(command)
                guard state.programs.contains(command[0]) else {
                    return ExecResult(status: .failed("exec: \"\(command[0])\": executable file not found in $PATH"))
                }
                if state.failing.contains(command[0]) {
                    return ExecResult(status: .exited(1), stderr: Array("it is broken\n".utf8))
                }
                guard command[0] == "sha256sum" else {
                    if command[0] == "rm" { for path in command.dropFirst(3) { state.files[path] = nil } }
                    return ExecResult(status: .exited(0))
                }
                let lines = command.dropFirst(2).compactMap { path in state.files[path].map { "\($0)  \(path)\n" } }
                return ExecResult(status: .exited(1), stdout: Array(lines.joined().utf8))
            }
        }

        func feed(_ command: [String], _ input: ByteSource, until end: String) async throws -> ExecResult {
            let reader = ByteSourceReader(input)
            var bytes: [UInt8] = []
            while let piece = try reader.next() { bytes += piece }
            return state.withLock { state in
                state.commands.append(command)
                state.bytes = bytes
                guard state.programs.contains("tar") else {
                    return ExecResult(status: .failed("exec: \"tar\": executable file not found in $PATH"))
                }
                state.files.merge(state.unpacked) { $1 }
                return state.tar
            }
        }
    }

    private static func set(_ folder: TemporaryDirectory, signal: UInt8? = nil, commands: [[String]] = []) throws
        -> SyncSet
    {
        try folder.write("a", "one")
        var file = SyncSet.File(source: folder("a"), destination: "/srv/a", isExecutable: false, isEntry: false)
        if let signal { file.reaction = .signal(signal) }
        return SyncSet(files: [file], commands: commands)
    }

    private static let one = SHA256.digest(of: Array("one".utf8)).hex

    @Test func whatIsMissingIsSentProvedAndToldOnce() async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        container.state.withLock { $0.unpacked = ["/srv/a": Self.one] }
        let sync = TarSync(container)
        var set = try Self.set(folder, signal: 1, commands: [["index"]])
        let report = try await sync.apply(set)
        #expect(report.unverified == nil && report.sent == 10_240)
        #expect(
            container.commands == [
                "sha256sum -- /srv/a", "tar -x -v -o -m -f - -C /", "rm -f -- /srv/.devloop-tar-end",
                "sha256sum -- /srv/a", "index", "kill -1 1",
            ])
        // The archive is one that our own reader takes, up to the block that ends it.
        let bytes = container.state.withLock(\.bytes)
        #expect(bytes.count % 10_240 == 0)
        let sent = Array(bytes.prefix(3 * 512)) + [UInt8](repeating: 0, count: 1024)
        try folder.write("sent.tar", String(decoding: sent, as: UTF8.self))
        #expect(try TarIndex(folder("sent.tar")).entries.keys.sorted() == ["srv/.devloop-tar-end", "srv/a"])
        // The container has it, and the commands have run.
        set.commands = []
        let again = try await sync.apply(set)
        #expect(again.sent == 0 && container.commands.count == 6)
        await sync.close()
    }

    @Test func whatTheContainerHasIsNeitherSentNorTold() async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        container.state.withLock { $0.files = ["/srv/a": Self.one] }
        let report = try await TarSync(container).apply(try Self.set(folder, signal: 1))
        #expect(report.sent == 0 && report.unverified == nil)
        #expect(container.commands == ["sha256sum -- /srv/a"])
    }

    @Test func deletedFilesAreRemovedBeforeOthersCome() async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        container.state.withLock { state in
            state.files = ["/srv/old": Self.one]
            state.unpacked = ["/srv/a": Self.one]
        }
        var set = try Self.set(folder)
        set.deletions = [SyncSet.Deletion(path: "/srv/old"), SyncSet.Deletion(path: "/srv/never")]
        _ = try await TarSync(container).apply(set)
        #expect(container.commands[1...2] == ["rm -f -- /srv/old", "tar -x -v -o -m -f - -C /"])
        #expect(container.state.withLock { $0.files.keys.sorted() } == ["/srv/a"])
    }

    @Test func withoutDigestsNothingIsVerified() async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        _ = container.state.withLock { $0.programs.remove("sha256sum") }
        let report = try await TarSync(container).apply(try Self.set(folder))
        #expect(report.unverified == "the image of web-1/main has no sha256sum")
    }

    @Test func otherContentThanWasSentIsAFault() async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        container.state.withLock { $0.unpacked = ["/srv/a": String(repeating: "0", count: 64)] }
        let error = await #expect(throws: DevloopError.self) {
            try await TarSync(container).apply(try Self.set(folder))
        }
        #expect(error?.code == .sync && error?.message == "/srv/a in web-1/main is not what was sent")
    }

    @Test func aSignalWaitsForTheCommandBeforeIt() async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        container.state.withLock { state in
            state.unpacked = ["/srv/a": Self.one]
            state.failing = ["index"]
        }
        let sync = TarSync(container)
        let set = try Self.set(folder, signal: 1, commands: [["index"]])
        let error = await #expect(throws: DevloopError.self) { try await sync.apply(set) }
        #expect(error?.code == .syncRun)
        #expect(error?.message == "'index' in web-1/main failed: exit code 1: it is broken")
        container.state.withLock { $0.failing = [] }
        _ = try await sync.apply(set)
        #expect(container.commands.suffix(2) == ["index", "kill -1 1"])
    }

    /// What tar leaves and writes, and what is said of it.
    static let faults: [(status: ExecStatus, words: String, code: DevloopError.Code, message: String, hint: String?)] =
        [
            (
                .exited(1), "tar: can't open 'srv/a': Read-only file system", .syncImpossible,
                "tar in web-1/main failed: tar: can't open 'srv/a': Read-only file system",
                "mount a volume there that can be written to"
            ),
            (
                .exited(1), "tar: write error: No space left on device", .syncImpossible,
                "tar in web-1/main failed: tar: write error: No space left on device",
                "free space in the container, or give the volume a larger limit"
            ),
            (
                .exited(2), "tar: srv/a: Cannot open: Permission denied\ntar: Skipping to next header", .syncImpossible,
                "tar in web-1/main failed: tar: srv/a: Cannot open: Permission denied",
                "the user of the container may not write there"
            ),
            (.exited(137), "", .sync, "tar in web-1/main failed: it ended without a word", nil),
        ]

    @Test(arguments: faults)
    func theCauseIsSaid(
        _ status: ExecStatus, _ words: String, _ code: DevloopError.Code, _ message: String, _ hint: String?
    ) async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        container.state.withLock { $0.tar = ExecResult(status: status, stderr: Array(words.utf8)) }
        let error = await #expect(throws: DevloopError.self) {
            try await TarSync(container).apply(try Self.set(folder))
        }
        #expect(error?.code == code && error?.message == message && error?.hint == hint)
    }

    @Test(arguments: ["tar", "rm"]) func aMissingProgramIsNamed(_ program: String) async throws {
        let folder = try TemporaryDirectory("tar")
        let container = Container()
        container.state.withLock { state in
            state.programs.remove(program)
            state.files = ["/srv/old": Self.one]
        }
        var set = try Self.set(folder)
        set.deletions = [SyncSet.Deletion(path: "/srv/old")]
        let error = await #expect(throws: DevloopError.self) { try await TarSync(container).apply(set) }
        #expect(error?.code == .syncImpossible)
        #expect(error?.message == "the image of web-1/main has no program '\(program)'")
    }

    @Test func linksAreLeftOutAndToldAbout() async throws {
        let folder = try TemporaryDirectory("tar")
        var set = try Self.set(folder)
        let (status, output) = TestProgram.run(["ln", "-s", "a", folder("link")])
        try #require(status == 0, "\(output)")
        var link = SyncSet.File(source: folder("link"), destination: "/srv/link", isExecutable: false, isEntry: false)
        link.root = folder.path
        set.files = [link]
        let report = try await TarSync(Container()).apply(set)
        #expect(report.problems.count == 1 && report.sent == 0)
    }

    // MARK: Words

    @Test func digestsOfOddNames() {
        let hex = Self.one
        let text = "\(hex)  /a b\n\\\(hex)  /c\\\\d\\ne\nsha256sum: /x: No such file\n\(hex) */binary\n"
        #expect(TarWords.digests(Array(text.utf8)) == ["/a b": hex, "/c\\d\ne": hex, "/binary": hex])
    }

    @Test func argumentsGoInGroupsThatAServerTakes() {
        let paths = (0..<1_000).map { "/srv/files/\($0)" }
        let groups = TarWords.groups(paths)
        #expect(groups.flatMap { $0 } == paths)
        #expect(groups.count > 5 && groups.allSatisfy { $0.joined().utf8.count < 6_000 })
        #expect(TarWords.groups([]) == [])
    }

    /// A real tar that never learns that its input has ended: it is over all the same.
    @Test(arguments: [["tar"], ["busybox", "tar"]]) func realProgramsEndAtTheBlockThatIsNone(_ tar: [String])
        async throws
    {
        let folder = try TemporaryDirectory("tar")
        try folder.write("content", "one")
        var archive = TarBuilder()
        try archive.add(file: folder("content"), size: 3, at: "out/a", mode: 0o755)
        try archive.add(bytes: [], at: "out/\(TarSync.endName)")
        let reader = ByteSourceReader(TarSync.ended(archive.source))
        var bytes: [UInt8] = []
        while let piece = try reader.next() { bytes += piece }
        try folder.write("archive", String(decoding: bytes, as: UTF8.self))
        // Standard input stays open for as long as the sleep lasts.
        let words = tar.joined(separator: " ")
        let result = try await ProcessRunner.run(
            ProcessCommand([
                "sh", "-c",
                "cd \(folder.path); (cat archive; exec sleep 2) | timeout 1 \(words) -x -v -o -m -f - -C . 2>errors",
            ]))
        var tail = LineTail()
        tail.add(result.stdout)
        #expect(tail.hasLine(endingWith: TarSync.endName), "\(result.outputText)")
        #expect(TarWords.faults(Array(try TestFiles.read(folder("errors")).utf8)) == [])
        #expect(try TestFiles.read(folder("out/a")) == "one")
    }
}
