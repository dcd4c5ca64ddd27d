// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Synchronization
import Testing

/// Messages that come as a container sends them.
private final class ScriptedChannel: ByteChannel {
    private let pieces: Mutex<[[UInt8]]>

    init(_ messages: [Message]) {
        let crc = CRC32()
        pieces = Mutex(messages.map { $0.frame().encoded(using: crc) })
    }

    func send(_ bytes: [UInt8]) async throws {}
    func receive() async throws -> [UInt8]? { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    func close() async {}
}

@Suite("pulling out of a container", .timeLimit(.minutes(1)))
struct PullTests {
    /// What `devloop-agent read` tells of a path, put to a destination.
    private static func pull(_ path: String, to destination: String, force: Bool = false) async throws -> Pull.Outcome {
        let parent = String(destination[..<(destination.lastIndex(of: "/") ?? destination.endIndex)])
        let tree = try PullTree(beside: parent)
        defer { tree.discard() }
        let channel = PipeChannel(try TestProcess([AgentHarness.agent, "read", path]))
        let outcome = try await Pull.receive(from: channel, into: tree)
        await channel.close()
        try PulledFiles.move(tree.item, to: destination, force: force)
        return outcome
    }

    @Test("a folder comes out with contents, modes, links and odd names")
    func folder() async throws {
        let folder = try TemporaryDirectory("pull")
        let big = noise(700_000, seed: 1)
        try folder.write("from/a/page", "hello")
        try folder.write("from/empty", "")
        try writeFile(folder("from/a/big"), big, mode: 0o755)
        try writeFile(folder("from/secret"), [1, 2], mode: 0o600)
        let odd = ["-rf", "new\nline", "e\u{301}", "\u{e9}", "a b", ".devloop"]
        for name in odd { try writeFile(folder("from/") + name, Array(name.utf8)) }
        mkdir(folder("from/locked"), 0o755)
        try writeFile(folder("from/locked/in"), [7], mode: 0o444)
        chmod(folder("from/locked"), 0o555)
        symlink("a/page", folder("from/current"))
        symlink("..", folder("from/a/up"))
        symlink("nowhere", folder("from/dangling"))

        let outcome = try await Self.pull(folder("from"), to: folder("to"))
        #expect(outcome.problems == [])
        #expect(outcome.files == 5 + odd.count)
        #expect(outcome.folders == 3)
        #expect(outcome.links == 3)
        #expect(readFile(folder("to/a/big")) == big)
        #expect(fileMode(folder("to/a/big")) == 0o755)
        #expect(fileMode(folder("to/secret")) == 0o600)
        #expect(readFile(folder("to/empty")) == [])
        for name in odd { #expect(readFile(folder("to/") + name) == Array(name.utf8)) }
        #expect(fileMode(folder("to/locked")) == 0o555)
        #expect(readFile(folder("to/locked/in")) == [7])
        #expect(LinkTests.link(folder("to/current")) == "a/page")
        #expect(LinkTests.link(folder("to/a/up")) == "..")
        #expect(LinkTests.link(folder("to/dangling")) == "nowhere")
        #expect(Set(TestFiles.names(folder.path)) == ["from", "to"])
    }

    @Test("a single file comes out, also by way of a link, and a missing one is told")
    func file() async throws {
        let folder = try TemporaryDirectory("pull")
        try writeFile(folder("tool"), [1, 2, 3], mode: 0o750)
        symlink("tool", folder("alias"))
        _ = try await Self.pull(folder("tool"), to: folder("a"))
        #expect(readFile(folder("a")) == [1, 2, 3])
        #expect(fileMode(folder("a")) == 0o750)
        _ = try await Self.pull(folder("alias"), to: folder("b"))
        #expect(readFile(folder("b")) == [1, 2, 3])
        #expect(LinkTests.link(folder("b")) == nil)
        let error = await #expect(throws: DevloopError.self) {
            _ = try await Self.pull(folder("missing"), to: folder("c"))
        }
        #expect(error?.message == "cannot read \"\(folder("missing"))\" in the container: No such file or directory")
        #expect(Set(TestFiles.names(folder.path)) == ["tool", "alias", "a", "b"])
    }

    @Test("what cannot be copied is named, and the rest comes")
    func leftOut() async throws {
        let folder = try TemporaryDirectory("pull")
        try folder.write("from/page", "x")
        mkfifo(folder("from/pipe"), 0o644)
        symlink("/etc/passwd", folder("from/absolute"))
        symlink("../../etc/passwd", folder("from/out"))
        // Each stays inside by its own words; together they lead out.
        mkdir(folder("from/sub"), 0o755)
        symlink("..", folder("from/sub/up"))
        symlink("sub/up/..", folder("from/chain"))
        let outcome = try await Self.pull(folder("from"), to: folder("to"))
        #expect(
            outcome.problems == [
                "absolute: it holds the absolute path /etc/passwd",
                "out: it leads out of what was pulled, to ../../etc/passwd",
                "pipe: it is no file, folder or link", "chain: it leads out of what was pulled",
            ])
        #expect(Set(TestFiles.names(folder("to"))) == ["page", "sub"])
    }

    @Test("the root comes without the kernel's file systems", .enabled(if: getuid() == 0, "chroot needs root"))
    func root() async throws {
        let folder = try TemporaryDirectory("pull")
        for name in ["proc", "sys", "dev", "data"] { try folder.write("from/\(name)/file", name) }
        let install = try TestProcess([AgentHarness.agent, "install", folder("from/agent")])
        #expect(await eventually { install.exitCode() == 0 })
        let tree = try PullTree(beside: folder.path)
        let channel = PipeChannel(try TestProcess(["/usr/sbin/chroot", folder("from"), "/agent", "read", "/"]))
        let outcome = try await Pull.receive(from: channel, into: tree)
        await channel.close()
        #expect(outcome.problems == [])
        #expect(Set(TestFiles.names(tree.item)) == ["agent", "data"])
        #expect(text(tree.item + "/data/file") == "data")
        tree.discard()
    }

    @Test("nothing that is there is overwritten, unless it is asked for")
    func destinations() async throws {
        let folder = try TemporaryDirectory("pull")
        try folder.write("from/same", "new")
        try folder.write("from/deep/more", "new")
        try folder.write("to/same", "old")
        try folder.write("to/own", "old")
        let refused = await #expect(throws: DevloopError.self) {
            _ = try await Self.pull(folder("from"), to: folder("to"))
        }
        #expect(refused?.hint?.contains("--force") == true)
        #expect(text(folder("to/same")) == "old")
        _ = try await Self.pull(folder("from"), to: folder("to"), force: true)
        #expect(text(folder("to/same")) == "new")
        #expect(text(folder("to/deep/more")) == "new")
        #expect(text(folder("to/own")) == "old")

        // A folder where a file is, deep inside: nothing at all is changed.
        TestFiles.remove(folder("to"))
        try folder.write("to/same", "old")
        try folder.write("to/deep", "a file")
        let mixed = await #expect(throws: DevloopError.self) {
            _ = try await Self.pull(folder("from"), to: folder("to"), force: true)
        }
        #expect(mixed?.message.contains("to/deep is no folder") == true, "\(mixed?.message ?? "")")
        #expect(text(folder("to/same")) == "old")
        // Nothing is written through a link, nor is what it leads to replaced.
        try folder.write("away/same", "away")
        TestFiles.remove(folder("to"))
        symlink("away", folder("to"))
        await #expect(throws: DevloopError.self) {
            _ = try await Self.pull(folder("from"), to: folder("to"), force: true)
        }
        #expect(text(folder("away/same")) == "away")
        #expect(Set(TestFiles.names(folder.path)) == ["from", "to", "away"])
    }

    struct Hostile: Sendable, CustomTestStringConvertible {
        var name: String
        var messages: [Message]
        var code = DevloopError.Code.protocolViolation
        var testDescription: String { name }
    }

    private static func item(_ path: String, _ kind: PulledItem.Kind = .file, size: UInt64 = 0, to target: String = "")
        -> Message
    {
        .pulledItem(
            PulledItem(path: Array(path.utf8), kind: kind, mode: 0o755, size: size, target: Array(target.utf8)))
    }

    private static let end = Message.pulledEnd(digest: SHA256.digest(of: []).bytes)
    private static let top = item("", .folder)

    private static let hostile: [Hostile] = [
        Hostile(name: "up", messages: [top, item("../outside")]),
        Hostile(name: "up in the middle", messages: [top, item("a", .folder), item("a/../../outside")]),
        Hostile(name: "absolute", messages: [top, item("/outside")]),
        Hostile(name: "the folder itself again", messages: [top, item(".", .folder)]),
        Hostile(name: "empty name", messages: [top, item("a//b")]),
        Hostile(name: "NUL", messages: [top, item("a\0b")]),
        Hostile(name: "a name that is too long", messages: [top, item(String(repeating: "n", count: 256))]),
        Hostile(name: "without its folder", messages: [top, item("a/b")]),
        Hostile(
            name: "through a link", messages: [top, item("real", .folder), item("a", .link, to: "real"), item("a/b")]),
        Hostile(name: "through a file", messages: [top, item("a"), end, item("a/b")]),
        Hostile(name: "twice", messages: [top, item("a"), end, item("a")], code: .file),
        Hostile(
            name: "a link, then a file of its name", messages: [top, item("a", .link, to: "b"), item("a")], code: .file),
        Hostile(name: "something that was not asked for", messages: [item("a")]),
        Hostile(name: "the top twice", messages: [top, top]),
        Hostile(name: "more than was told", messages: [item("", size: 1), .pulledData(payload: [1, 2], start: 0)]),
        Hostile(name: "data of nothing", messages: [top, .pulledData(payload: [1], start: 0)]),
        Hostile(name: "the end of nothing", messages: [top, end]),
        Hostile(
            name: "another digest", messages: [item(""), .pulledEnd(digest: [UInt8](repeating: 1, count: 32))],
            code: .sync),
        Hostile(name: "too few", messages: [top, .pullDone(items: 2)]),
        Hostile(name: "an early end", messages: [top], code: .sync),
        Hostile(name: "an end inside a file", messages: [item("", size: 3), .pullDone(items: 1)]),
        Hostile(name: "a message of another kind", messages: [top, .pong(1)]),
        Hostile(name: "nothing", messages: [], code: .sync),
    ]

    @Test("what no agent sends ends the pull, and nothing is outside", arguments: hostile)
    private func lies(_ row: Hostile) async throws {
        let folder = try TemporaryDirectory("pull")
        try TestFiles.makeDirectory(folder("in"))
        let tree = try PullTree(beside: folder("in"))
        let error = await #expect(throws: DevloopError.self) {
            _ = try await Pull.receive(from: ScriptedChannel(row.messages), into: tree)
        }
        #expect(error?.code == row.code, "\(error?.message ?? "")")
        tree.discard()
        #expect(TestFiles.names(folder("in")) == [])
        #expect(TestFiles.names(folder.path) == ["in"])
    }
}
