// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

@Suite("transactions with the real agent", .timeLimit(.minutes(2)))
struct TransactionTests {
    @Test("a first set is placed, recorded and unchanged the second time")
    func firstSet() async throws {
        let agent = try AgentHarness()
        let session = try await agent.connect()
        let set = ChangeSet(files: [
            SyncFile(destination: agent.image + "/Public/deep/page.html", bytes: Array("hello".utf8)),
            SyncFile(destination: agent.appFolder + "/tool", bytes: noise(300_000, seed: 1), mode: 0o755),
            SyncFile(destination: agent.image + "/Public/empty", bytes: []),
        ])
        let first = try await session.apply(set)
        #expect(first.outcome == .committed)
        #expect(first.filesSent == 3)
        #expect(text(agent.image + "/Public/deep/page.html") == "hello")
        #expect(readFile(agent.image + "/Public/empty") == [])
        #expect(fileMode(agent.appFolder + "/tool") == 0o755)
        #expect(fileMode(agent.image + "/Public/deep/page.html") == 0o644)
        let second = try await session.apply(set)
        #expect(second.outcome == .unchanged)
        #expect(second.bytesSent == 0)
        #expect(second.filesUnchanged == 3)
        let state = try await session.state()
        #expect(state.files.count == 3)
        #expect(state.set == first.set)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("S02 a flipped bit in the content is found and the set sent again", arguments: [400, 140_000, 600_000])
    func flip(place: Int) async throws {
        let agent = try AgentHarness()
        let path = agent.image + "/data"
        let file = SyncFile(destination: path, bytes: noise(1 << 20, seed: 4))
        let session = try await agent.connect { FaultyChannel($0, .flip(at: place)) }
        let result = try await session.apply(ChangeSet(files: [file]))
        #expect(result.resends == 1)
        #expect(SHA256.digest(of: try #require(readFile(path))) == file.digest)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("S12 and S13: the content decides, not size or time")
    func contentDecides() async throws {
        let agent = try AgentHarness()
        let session = try await agent.connect()
        let path = agent.image + "/page"
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: Array("aaaa".utf8))]))
        let other = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: Array("bbbb".utf8))]))
        #expect(other.filesSent == 1)
        #expect(text(path) == "bbbb")
        let same = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: Array("bbbb".utf8))]))
        #expect(same.outcome == .unchanged)
        await session.close()
    }

    @Test("S17 a change of the executable bit alone sends no content")
    func modeOnly() async throws {
        let agent = try AgentHarness()
        let session = try await agent.connect()
        let bytes = noise(200_000, seed: 7)
        let path = agent.image + "/tool"
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes)]))
        let pid = try await session.state().pid
        let result = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes, mode: 0o755)]))
        #expect(result.bytesSent < 1_000)
        #expect(fileMode(path) == 0o755)
        #expect(try await session.state().pid == pid)
        await session.close()
    }

    @Test("S18 and S19: no path leads out, odd names work")
    func paths() async throws {
        let agent = try AgentHarness()
        let session = try await agent.connect()
        for bad in [
            "relative", "/a/../b", "/a//b", "/a/", "/proc/x", "/dev/x", agent.appFolder + "/.devloop/record", "/a\0b",
        ] {
            let error = await #expect(throws: DevloopError.self) {
                _ = try await session.apply(ChangeSet(files: [SyncFile(destination: bad, bytes: [1])]))
            }
            #expect(error?.code == .syncImpossible)
        }
        mkdir(agent.root + "/outside", 0o755)
        symlink(agent.root + "/outside", agent.image + "/link")
        let link = await #expect(throws: DevloopError.self) {
            _ = try await session.apply(
                ChangeSet(files: [SyncFile(destination: agent.image + "/link/file", bytes: [1])]))
        }
        #expect(link?.message.contains("symbolic link \(agent.image)/link") == true)
        #expect(listFiles(agent.root + "/outside") == [])
        // A link in the place of the file itself is replaced and not written through.
        try writeFile(agent.root + "/outside/target", [9])
        symlink(agent.root + "/outside/target", agent.image + "/page")
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: agent.image + "/page", bytes: [1])]))
        #expect(readFile(agent.root + "/outside/target") == [9])
        let odd = ["-rf", "new\nline", String(repeating: "n", count: 255), "e\u{301}", "\u{e9}", "Case", "case", "a b"]
        let files = odd.map { SyncFile(destination: agent.image + "/" + $0, bytes: Array($0.utf8)) }
        _ = try await session.apply(ChangeSet(files: files))
        for name in odd { #expect(text(agent.image + "/" + name) == name) }
        let long = await #expect(throws: DevloopError.self) {
            let name = String(repeating: "n", count: 256)
            _ = try await session.apply(ChangeSet(files: [SyncFile(destination: "/" + name, bytes: [1])]))
        }
        #expect(long?.message.contains("too long") == true)
        await session.close()
    }

    @Test("S25 a base that is not what the host believes is found, and the whole file sent")
    func wrongBase() async throws {
        let agent = try AgentHarness()
        let session = try await agent.connect()
        let path = agent.image + "/data"
        var bytes = noise(400_000, seed: 8)
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes)]))
        bytes[200_000] ^= 1
        let patched = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes)]))
        #expect(patched.filesPatched == 1)
        #expect(patched.bytesSent < 40_000)
        #expect(readFile(path) == bytes)
        // Somebody writes to the file behind our back, where the next patch would copy.
        var spoiled = bytes
        spoiled[10] ^= 1
        try writeFile(path, spoiled)
        bytes[300_000] ^= 1
        let healed = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes)]))
        #expect(healed.resends == 1)
        #expect(readFile(path) == bytes)
        await session.close()
    }
}
