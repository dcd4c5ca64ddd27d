// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

@Suite("sets that were cut, with the real agent", .serialized, .timeLimit(.minutes(3)))
struct ResumeTests {
    /// A file of so many MB, no two blocks of which are equal.
    static func large(_ path: String, megabytes: Int, to destination: String) throws -> SyncFile {
        var piece = noise(1 << 20, seed: 7)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        for number in 0..<megabytes {
            for block in 0..<256 { piece[block << 12] = UInt8(truncatingIfNeeded: number) }
            let count = piece.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count == piece.count else { throw TestError("cannot write \(path)") }
        }
        return SyncFile(
            destination: destination, source: .file(path), mode: 0o644, digest: try SHA256.digest(ofFile: path),
            size: UInt64(megabytes) << 20)
    }

    /// Sends the set over a stream that is cut, and waits until the agent has noticed.
    /// - Returns: bytes that went out.
    private func cut(_ set: ChangeSet, at place: Int, _ agent: AgentHarness) async throws -> Int {
        let channel = FaultyChannel(try await agent.attach(), .cut(at: place))
        let session = PodSyncSession(channel: channel, options: .init(hostVersion: "test", owner: "cut"))
        _ = try await session.hello()
        let error = await #expect(throws: DevloopError.self) { _ = try await session.apply(set) }
        #expect(error?.code == .syncDisconnected)
        await session.close()
        #expect(await poll { agent.leftovers().contains { $0.contains("-part-") } })
        return min(channel.bytesSent, place)
    }

    @Test("S01 a file of 100 MB that was cut at 60 % goes on from there, and is proved as a whole")
    func goesOn() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let file = try Self.large(agent.root + "/source", megabytes: 100, to: agent.image + "/data")
        let set = ChangeSet(files: [file])
        let first = try await cut(set, at: 60 << 20, agent)
        #expect(readFile(file.destination) == nil)
        let session = try await agent.connect(owner: "again")
        let result = try await session.apply(set)
        #expect(result.outcome == .committed)
        #expect(result.filesResumed == 1)
        #expect(result.resends == 0)
        #expect(UInt64(first) + result.bytesSent <= file.size * 11 / 10)
        #expect(try SHA256.digest(ofFile: file.destination) == file.digest)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("a part that somebody has written to is found, and the whole file sent")
    func spoiled() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let file = try Self.large(agent.root + "/source", megabytes: 8, to: agent.appFolder + "/data")
        _ = try await cut(ChangeSet(files: [file]), at: 6 << 20, agent)
        let stage = agent.appFolder + "/.devloop/stage/"
        let part = try #require(TestFiles.names(stage).first { $0.contains("-part-") })
        let descriptor = open(stage + part, O_WRONLY | O_CLOEXEC)
        #expect(pwrite(descriptor, "spoiled", 7, 1_000) == 7)
        close(descriptor)
        let session = try await agent.connect(owner: "again")
        let result = try await session.apply(ChangeSet(files: [file]))
        #expect(result.resends == 1)
        #expect(result.filesResumed == 0)
        #expect(try SHA256.digest(ofFile: file.destination) == file.digest)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("of many files, those that have come whole are not sent again")
    func manyFiles() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let files = (0..<400).map {
            SyncFile(
                destination: agent.image + "/many/\($0 % 10)/file-\($0)", bytes: noise(20_000, seed: UInt64($0 + 1)))
        }
        let first = try await cut(ChangeSet(files: files), at: 5 << 20, agent)
        let session = try await agent.connect(owner: "again")
        let result = try await session.apply(ChangeSet(files: files))
        #expect(result.filesResumed > 0)
        #expect(first + Int(result.bytesSent) < 400 * 20_000 * 3 / 2)
        for file in files { #expect(readFile(file.destination).map(SHA256.digest(of:)) == file.digest) }
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("a set that was given up for a newer one goes on with what both have")
    func givenUp() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect { ImpatientChannel($0) }
        let big = try Self.large(agent.root + "/source", megabytes: 32, to: agent.image + "/big")
        let task = Task { try await session.apply(ChangeSet(files: [big])) }
        #expect(await poll { !agent.leftovers().isEmpty })
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        let small = SyncFile(destination: agent.image + "/small", bytes: [1])
        let result = try await session.apply(ChangeSet(files: [small, big]))
        #expect(result.outcome == .committed)
        #expect(result.filesSent == 2)
        #expect(try SHA256.digest(ofFile: big.destination) == big.digest)
        #expect(agent.leftovers() == [])
        await session.close()
    }

    @Test("what nobody comes back for is removed after a while")
    func removed() async throws {
        let agent = try AgentHarness(options: ["--keep-parts", "2"])
        defer { agent.remove() }
        let file = try Self.large(agent.root + "/source", megabytes: 4, to: agent.image + "/data")
        _ = try await cut(ChangeSet(files: [file]), at: 2 << 20, agent)
        #expect(await poll { agent.leftovers() == [] })
        let session = try await agent.connect(owner: "again")
        let result = try await session.apply(ChangeSet(files: [file]))
        #expect(result.filesResumed == 0)
        #expect(try SHA256.digest(ofFile: file.destination) == file.digest)
        await session.close()
    }
}
