// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
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
        defer { agent.remove() }
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

    @Test(
        "S01 a stream that is cut anywhere changes nothing",
        arguments: [0, 1, 17, 300, 5_000, 131_100, 700_000, 1_048_000])
    func cut(place: Int) async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let path = agent.image + "/data"
        let old = noise(1_000, seed: 2)
        let first = try await agent.connect()
        _ = try await first.apply(ChangeSet(files: [SyncFile(destination: path, bytes: old)]))
        let pid = try await first.state().pid
        await first.close()

        let new = SyncFile(destination: path, bytes: noise(1 << 20, seed: 3))
        let hello = 120
        let error = await #expect(throws: DevloopError.self) {
            let session = try await agent.connect(owner: "cut", force: true) {
                FaultyChannel($0, .cut(at: hello + place))
            }
            _ = try await session.apply(ChangeSet(files: [new]))
        }
        #expect(error?.code == .syncDisconnected)
        #expect(readFile(path) == old)

        let again = try await agent.connect(owner: "again", force: true)
        let result = try await again.apply(ChangeSet(files: [new]))
        #expect(result.outcome == .committed)
        #expect(SHA256.digest(of: try #require(readFile(path))) == new.digest)
        #expect(try await again.state().pid == pid)
        #expect(agent.leftovers() == [])
        await again.close()
    }

    @Test("S02 a flipped bit in the content is found and the set sent again", arguments: [70, 400, 140_000, 600_000])
    func flip(place: Int) async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let path = agent.image + "/data"
        let file = SyncFile(destination: path, bytes: noise(1 << 20, seed: 4))
        let session = try await agent.connect { FaultyChannel($0, .flip(at: place)) }
        let result = try await session.apply(ChangeSet(files: [file]))
        #expect(result.resends == 1)
        #expect(SHA256.digest(of: try #require(readFile(path))) == file.digest)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("S03 a source that was rewritten is never sent torn")
    func rewritten() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let source = agent.root + "/artifact"
        let content = noise(2 << 20, seed: 5)
        try writeFile(source, content)
        let path = agent.image + "/data"
        var file = SyncFile(
            destination: path, source: .file(source), mode: 0o644, digest: SHA256.digest(of: content),
            size: UInt64(content.count))
        var torn = content
        torn.replaceSubrange(1_500_000..<1_500_004, with: [1, 2, 3, 4])
        try writeFile(source, torn)
        let session = try await agent.connect()
        let error = await #expect(throws: DevloopError.self) { _ = try await session.apply(ChangeSet(files: [file])) }
        #expect(error?.code == .syncSourceChanged)
        #expect(readFile(path) == nil)
        #expect(await eventually { agent.leftovers() == [] })
        file.digest = SHA256.digest(of: torn)
        let result = try await session.apply(ChangeSet(files: [file]))
        #expect(result.outcome == .committed)
        #expect(readFile(path) == torn)
        unlink(source)
        file.digest = SHA256.digest(of: content)
        let gone = await #expect(throws: DevloopError.self) { _ = try await session.apply(ChangeSet(files: [file])) }
        #expect(gone?.code == .syncSourceChanged)
        #expect(readFile(path) == torn)
        await session.close()
    }

    @Test("S12 and S13: the content decides, not size or time")
    func contentDecides() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
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

    @Test("a set that fails at its last file leaves files of the image, and ours, as they were")
    func failsAtTheEnd() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let packed = noise(700_000, seed: 6)
        try writeFile(agent.image + "/packed", packed, mode: 0o755)
        try writeFile(agent.image + "/deleted", Array("deleted".utf8))
        // A folder with somebody's files is in the way of the last file.
        mkdir(agent.image + "/taken", 0o755)
        try writeFile(agent.image + "/taken/theirs", Array("theirs".utf8))
        let ours = SyncFile(destination: agent.image + "/ours", bytes: Array("first".utf8))
        _ = try await session.apply(ChangeSet(files: [ours], restart: .never))
        let set = ChangeSet(
            files: ["packed", "ours", "taken"].map {
                SyncFile(destination: agent.image + "/" + $0, bytes: Array("new".utf8))
            },
            deletions: [
                .init(path: agent.image + "/deleted", imageDigest: SHA256.digest(of: Array("deleted".utf8)))
            ], restart: .never)
        let error = await #expect(throws: DevloopError.self) { try await session.apply(set) }
        #expect(error?.message.contains("directory") == true)
        #expect(readFile(agent.image + "/packed") == packed)
        #expect(fileMode(agent.image + "/packed") == 0o755)
        #expect(text(agent.image + "/ours") == "first")
        #expect(text(agent.image + "/deleted") == "deleted")
        #expect(agent.leftovers() == [])
        var possible = set
        possible.files.removeLast()
        #expect(try await session.apply(possible).outcome == .committed)
        #expect(text(agent.image + "/packed") == "new")
        #expect(readFile(agent.image + "/deleted") == nil)
        #expect(try await session.state().isDirty == false)
        await session.close()
    }

    @Test("the record that grows and shrinks from set to set is what a restarted container goes on with")
    func record() async throws {
        let first = try AgentHarness()
        defer { first.remove() }
        let session = try await first.connect()
        let names = (0..<300).map { "\(first.image)/pages/\($0)" }
        for kept in [300, 1, 200, 2] {
            let files = names[..<kept].map { SyncFile(destination: $0, bytes: Array("\(kept) of \($0)".utf8)) }
            let deletions = names[kept...].map { ChangeSet.Deletion(path: $0) }
            _ = try await session.apply(ChangeSet(files: files, deletions: deletions, restart: .never))
        }
        let state = try await session.state()
        #expect(Set(state.files.keys.map(\.text)) == Set(names[..<2]))
        await session.close()
        first.process.end()
        let second = try AgentHarness(root: first.root)
        defer { second.process.end() }
        let again = try await second.connect()
        let found = try await again.state()
        #expect(found.files == state.files)
        #expect(found.set == state.set)
        await again.close()
    }

    @Test("S14 only what is ours is deleted, and folders that we made and that are empty")
    func deletes() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        try writeFile(agent.image + "/theirs", Array("image".utf8))
        try writeFile(agent.image + "/packed", Array("packed".utf8))
        let ours = agent.image + "/made/here/ours"
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: ours, bytes: [1])]))
        let result = try await session.apply(
            ChangeSet(deletions: [
                .init(path: ours),
                .init(path: agent.image + "/theirs", imageDigest: SHA256.digest(of: [0])),
                .init(path: agent.image + "/packed", imageDigest: SHA256.digest(of: Array("packed".utf8))),
                .init(path: agent.image + "/unknown"),
            ]))
        #expect(result.foreign == [agent.image + "/theirs"])
        #expect(result.filesDeleted == 2)
        #expect(readFile(ours) == nil)
        #expect(access(agent.image + "/made", F_OK) != 0)
        #expect(text(agent.image + "/theirs") == "image")
        #expect(readFile(agent.image + "/packed") == nil)
        #expect(try await session.state().files.isEmpty)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("S16 file to folder, folder to file, and a rename that sends no content")
    func shapes() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let place = agent.image + "/thing"
        let big = noise(500_000, seed: 6)
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: place, bytes: big)]))
        let inside = try await session.apply(
            ChangeSet(files: [SyncFile(destination: place + "/inner/a", bytes: big)], deletions: [.init(path: place)]))
        #expect(inside.bytesSent < 1_000)
        #expect(readFile(place + "/inner/a") == big)
        _ = try await session.apply(
            ChangeSet(files: [SyncFile(destination: place, bytes: [7])], deletions: [.init(path: place + "/inner/a")]))
        #expect(readFile(place) == [7])
        #expect(agent.leftovers() == [])
        // A folder with something in it that is not ours stays, and the whole set with it.
        mkdir(agent.image + "/full", 0o755)
        try writeFile(agent.image + "/full/theirs", [1])
        let error = await #expect(throws: DevloopError.self) {
            _ = try await session.apply(
                ChangeSet(files: [
                    SyncFile(destination: agent.image + "/first", bytes: [1]),
                    SyncFile(destination: agent.image + "/full", bytes: [1]),
                ]))
        }
        #expect(error?.code == .syncImpossible)
        #expect(readFile(agent.image + "/first") == nil)
        #expect(readFile(agent.image + "/full/theirs") == [1])
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("S16 a file takes the place of a folder of the image, once its files are gone, and the other way round")
    func replacesImageFolder() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let place = agent.image + "/theirs"
        for folder in [place, place + "/deep", place + "/deep/empty"] { mkdir(folder, 0o755) }
        try writeFile(place + "/deep/page", Array("packed".utf8))
        let page = ChangeSet.Deletion(
            path: place + "/deep/page", imageDigest: SHA256.digest(of: Array("packed".utf8)))
        let file = SyncFile(destination: place, bytes: [7])
        _ = try await session.apply(ChangeSet(files: [file], deletions: [page]))
        #expect(readFile(place) == [7])
        let state = try await session.state()
        #expect(state.hasFile(above: page.path))
        #expect(!state.hasFile(above: place))
        // A set that fails after it puts the folders back.
        _ = try await session.apply(ChangeSet(deletions: [.init(path: place)]))
        for folder in [place, place + "/deep", agent.image + "/full"] { mkdir(folder, 0o755) }
        try writeFile(agent.image + "/full/theirs", [1])
        let error = await #expect(throws: DevloopError.self) {
            _ = try await session.apply(
                ChangeSet(files: [file, SyncFile(destination: agent.image + "/full", bytes: [1])]))
        }
        #expect(error?.code == .syncImpossible)
        #expect(TestFiles.names(place) == ["deep"])
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("S17 a change of the executable bit alone sends no content")
    func modeOnly() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
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
        defer { agent.remove() }
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
        #expect(TestFiles.names(agent.root + "/outside") == [])
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
        defer { agent.remove() }
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

    @Test("a set of many files, larger than one page and one window")
    func many() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        var files = (0..<3_000).map {
            SyncFile(destination: agent.image + "/many/\($0 % 50)/file-\($0)", bytes: Array("content \($0)".utf8))
        }
        files.append(SyncFile(destination: agent.image + "/big", bytes: noise(9 << 20, seed: 9)))
        let result = try await session.apply(ChangeSet(files: files))
        #expect(result.filesSent == 3_001)
        #expect(try await session.state().files.count == 3_001)
        let none = try await session.apply(ChangeSet(deletions: files.map { .init(path: $0.destination) }))
        #expect(none.filesDeleted == 3_001)
        #expect(TestFiles.names(agent.image) == ["service"])
        await session.close()
    }
}
