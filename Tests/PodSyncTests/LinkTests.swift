// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

@Suite("links and twins with the real agent", .timeLimit(.minutes(1)))
struct LinkTests {
    /// What a link holds; nil when there is none.
    static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test("S18 links are carried as links, replaced and deleted, and survive a restart of the container")
    func carried() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let page = SyncFile(destination: agent.image + "/Public/page", bytes: Array("hello".utf8))
        let current = agent.image + "/Public/current"
        let set = ChangeSet(files: [
            page, SyncFile(destination: current, link: Array("page".utf8)),
            SyncFile(destination: agent.image + "/Public/deep/up", link: Array("..".utf8)),
        ])
        #expect(try await session.apply(set).filesSent == 3)
        #expect(Self.link(current) == "page")
        #expect(text(agent.image + "/Public/deep/up/page") == "hello")
        #expect(try await session.apply(set).outcome == .unchanged)

        // To another place, to a file with the very content that the link has, and back.
        _ = try await session.apply(
            ChangeSet(files: [SyncFile(destination: current, link: Array("deep/up/page".utf8))]))
        #expect(Self.link(current) == "deep/up/page")
        let bytes = Array("deep/up/page".utf8)
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: current, bytes: bytes)]))
        #expect(Self.link(current) == nil)
        #expect(readFile(current) == bytes)
        #expect(fileMode(current) == 0o644)
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: current, link: bytes)]))
        #expect(Self.link(current) == "deep/up/page")
        #expect(text(agent.image + "/Public/page") == "hello")

        // A new agent over the same files believes the link, and one that was changed behind our back not.
        await session.close()
        agent.process.end()
        unlink(agent.image + "/Public/deep/up")
        symlink("elsewhere", agent.image + "/Public/deep/up")
        let again = try AgentHarness(root: agent.root)
        let next = try await again.connect()
        let state = try await next.state()
        #expect(state.file(current)?.isLink == true)
        #expect(state.file(agent.image + "/Public/deep/up") == nil)
        let gone = try await next.apply(ChangeSet(deletions: [.init(path: current)]))
        #expect(gone.filesDeleted == 1)
        #expect(Self.link(current) == nil)
        #expect(agent.leftovers() == [])
        await next.close()
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var target: String
        var says: String
        var testDescription: String { target }
    }

    static let refusals = [
        Refused(target: "/etc/passwd", says: "absolute"),
        Refused(target: String(repeating: "../", count: 40) + "etc/passwd", says: "leads out"),
    ]

    @Test("S18 the agent refuses links on its own, and the whole set with them", arguments: refusals)
    func refuses(_ row: Refused) async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let error = await #expect(throws: DevloopError.self) {
            _ = try await session.apply(
                ChangeSet(files: [
                    SyncFile(destination: agent.image + "/page", bytes: [1]),
                    SyncFile(destination: agent.image + "/link", link: Array(row.target.utf8)),
                ]))
        }
        #expect(error?.code == .syncImpossible)
        #expect(error?.message.contains(row.says) == true, "\(error?.message ?? "")")
        #expect(readFile(agent.image + "/page") == nil)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("S18 nothing is written through a link that was synced before")
    func notThrough() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        mkdir(agent.image + "/real", 0o755)
        _ = try await session.apply(
            ChangeSet(files: [SyncFile(destination: agent.image + "/alias", link: Array("real".utf8))]))
        let error = await #expect(throws: DevloopError.self) {
            _ = try await session.apply(
                ChangeSet(files: [SyncFile(destination: agent.image + "/alias/page", bytes: [1])]))
        }
        #expect(error?.message.contains("symbolic link \(agent.image)/alias") == true)
        #expect(TestFiles.names(agent.image + "/real") == [])
        // A folder in the place of the link is what the set says.
        _ = try await session.apply(
            ChangeSet(
                files: [SyncFile(destination: agent.image + "/alias/page", bytes: [1])],
                deletions: [.init(path: agent.image + "/alias")]))
        #expect(readFile(agent.image + "/alias/page") == [1])
        #expect(TestFiles.names(agent.image + "/real") == [])
        await session.close()
    }

    @Test("S20 names that differ in their bytes alone are files of their own, also set by set")
    func twins() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let names = ["e\u{301}", "\u{e9}", "Case", "case", "\u{1F1E9}\u{1F1EA}", "\u{301}first"]
        let paths = names.map { agent.image + "/twins/" + $0 }
        for path in paths {
            _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: Array(path.utf8))]))
        }
        #expect(TestFiles.names(agent.image + "/twins").count == names.count)
        for path in paths { #expect(readFile(path) == Array(path.utf8)) }
        #expect(try await session.state().files.count == names.count)
        // What one of them becomes is not what its twin becomes.
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: paths[0], bytes: [1])]))
        #expect(readFile(paths[0]) == [1])
        #expect(readFile(paths[1]) == Array(paths[1].utf8))
        let same = try await session.apply(
            ChangeSet(files: [SyncFile(destination: paths[1], bytes: Array(paths[1].utf8))]))
        #expect(same.outcome == .unchanged)
        let gone = try await session.apply(
            ChangeSet(
                files: [SyncFile(destination: paths[0], bytes: [2])],
                deletions: [.init(path: paths[1]), .init(path: paths[3])]))
        #expect(gone.filesDeleted == 2)
        #expect(readFile(paths[0]) == [2])
        #expect(readFile(paths[1]) == nil)
        #expect(readFile(paths[2]) != nil)
        #expect(readFile(paths[3]) == nil)
        await session.close()
    }
}
