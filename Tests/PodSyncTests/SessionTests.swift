// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Testing

@Suite("sessions with the real agent", .timeLimit(.minutes(1)))
struct SessionTests {
    @Test("S09 the second is refused with the owner's id, and force takes over")
    func owners() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let first = try await agent.connect(owner: "ann@laptop, process 1")
        let refused = await #expect(throws: DevloopError.self) { _ = try await agent.connect(owner: "bob") }
        #expect(refused?.code == .syncBusy)
        #expect(refused?.message.contains("ann@laptop, process 1") == true)
        // The owner did not notice.
        _ = try await first.state()
        let second = try await agent.connect(owner: "bob", force: true)
        for await _ in first.events {}
        let lost = await #expect(throws: DevloopError.self) { try await first.state() }
        #expect(lost?.code == .syncBusy)
        #expect(lost?.message.contains("bob") == true)
        await second.close()
        let third = try await agent.connect(owner: "carl")
        await third.close()
    }

    /// What connects to the agent's socket itself, as `attach` does, and sends something; true when the agent hangs up.
    private func isHungUpOn(_ path: String, sending bytes: [UInt8]) throws -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        try #require(isConnected)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        // It may hang up before it has all.
        try #require(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0)
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, 0)
        // What it had not read is told as a reset.
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }

    @Test("what hands over no input and output is hung up on, and the owner does not notice")
    func noPair() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        let hello = Hello(
            protocolVersion: SyncLimits.protocolVersion, hostVersion: [], owner: Array("rude".utf8), force: true)
        for bytes in [[0], Message.hello(hello).frame(id: 1).encoded(using: CRC32()), noise(1 << 16, seed: 3)] {
            #expect(try isHungUpOn(agent.appFolder + "/.devloop/socket", sending: bytes))
        }
        _ = try await session.state()
        await session.close()
    }

    @Test("S29 a host that was killed in the middle of a set leaves nothing, and its place is given on")
    func killedHost() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let path = agent.image + "/data"
        let crc = CRC32()
        let channel = try await agent.attach()
        let hello = Hello(
            protocolVersion: SyncLimits.protocolVersion, hostVersion: [], owner: Array("killed".utf8), force: false)
        let entry = SetEntry(
            path: Array(path.utf8), size: 1 << 20, mode: 0o644, digest: [UInt8](repeating: 1, count: 32),
            isEntry: false, content: .data)
        let messages: [Message] = [
            .hello(hello),
            .begin(SetHeader(set: 1, base: 0, entryCount: 1, deletionCount: 0, restart: .never)),
            .entries([entry]), .data(file: 0, payload: noise(100_000, seed: 1), start: 0),
        ]
        for message in messages { try await channel.send(message.frame(id: 1).encoded(using: crc)) }
        #expect(await eventually { !agent.leftovers().isEmpty })
        // It holds the stream but says nothing any more: the next host gets its place after a challenge.
        let next = try await agent.connect(owner: "next")
        #expect(try await next.state().set == 0)
        let result = try await next.apply(ChangeSet(files: [SyncFile(destination: path, bytes: [5])]))
        #expect(result.outcome == .committed)
        #expect(agent.leftovers().isEmpty)
        await next.close()
        await channel.close()
    }

    @Test("a folder that another program replaces while a set comes gets the set's files")
    func replacedFolder() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let folder = agent.image + "/pages"
        let crc = CRC32()
        let channel = try await agent.attach()
        let contents = (0..<3).map { Array("page \($0)".utf8) }
        let entries = contents.enumerated().map { index, content in
            SetEntry(
                path: Array("\(folder)/\(index)".utf8), size: UInt64(content.count), mode: 0o644,
                digest: SHA256.digest(of: content).bytes, isEntry: false, content: .data)
        }
        mkdir(folder, 0o755)
        func send(_ messages: [Message]) async throws {
            for message in messages { try await channel.send(message.frame(id: 1).encoded(using: crc)) }
        }
        let hello = Hello(
            protocolVersion: SyncLimits.protocolVersion, hostVersion: [], owner: Array("test".utf8), force: false)
        try await send([
            .hello(hello), .begin(SetHeader(set: 1, base: 0, entryCount: 3, deletionCount: 0, restart: .never)),
            .entries(entries), .data(file: 0, payload: contents[0], start: 0),
            .data(file: 1, payload: contents[1], start: 0),
        ])
        #expect(await eventually { TestFiles.names(folder).count == 2 })
        // What the agent remembers of where it was is the old one from now on.
        #expect(rename(folder, agent.image + "/before") == 0)
        mkdir(folder, 0o755)
        try await send([.data(file: 2, payload: contents[2], start: 0), .commit(set: 1)])
        #expect(await eventually { contents.indices.allSatisfy { text("\(folder)/\($0)") == "page \($0)" } })
        #expect(
            await eventually { TestFiles.names(folder).count == 3 && TestFiles.names(agent.image + "/before").isEmpty })
        await channel.close()
    }

    @Test("S27 an executable for another machine is refused before anything is sent")
    func otherMachine() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        var elf = [UInt8](repeating: 0, count: 64)
        elf.replaceSubrange(0..<4, with: [0x7F, 0x45, 0x4C, 0x46])
        elf[18] = 0x28
        let error = await #expect(throws: DevloopError.self) {
            let file = SyncFile(destination: agent.appFolder + "/service", bytes: elf, mode: 0o755, isEntry: true)
            _ = try await session.apply(ChangeSet(files: [file]))
        }
        #expect(error?.code == .syncImpossible)
        #expect(error?.message.contains("ELF machine 40") == true)
        #expect(try await session.state().set == 0)
        await session.close()
    }

    @Test("S27 another protocol version is refused with both versions")
    func otherVersion() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let crc = CRC32()
        let channel = try await agent.attach()
        let hello = Hello(protocolVersion: 99, hostVersion: [], owner: [], force: false)
        try await channel.send(Message.hello(hello).frame(id: 7).encoded(using: crc))
        var decoder = FrameDecoder(crc: crc)
        decoder.append(try #require(try await channel.receive()))
        guard case .frame(let frame) = try decoder.next() else {
            Issue.record("no frame")
            return
        }
        #expect(frame.id == 7)
        let version = Array(String(SyncLimits.protocolVersion).utf8)
        #expect(Message(frame) == .fault(Fault(.version, place: version)))
        #expect(try await channel.receive() == nil)
    }

    @Test("an agent that does not answer ends the session")
    func silence() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = PodSyncSession(
            channel: try await agent.attach(),
            options: .init(hostVersion: "test", owner: "test", pingInterval: .milliseconds(50)))
        _ = try await session.hello()
        agent.process.signal(SIGSTOP)
        let error = await #expect(throws: DevloopError.self) { try await session.state() }
        agent.process.signal(SIGCONT)
        #expect(error?.code == .syncDisconnected)
        #expect(error?.message.contains("does not answer") == true)
    }

    @Test("an app that ends by itself is told as an event, before the stream ends")
    func appEnds() async throws {
        let agent = try AgentHarness(script: "while [ ! -e $0.go ]; do sleep 0.01; done; exit 4")
        defer { agent.remove() }
        let session = try await agent.connect()
        try writeFile(agent.program + ".go", [])
        var exits: [AppExit] = []
        for await event in session.events {
            if case .appExited(let exit) = event { exits.append(exit) }
        }
        #expect(exits.map(\.code) == [4])
        #expect(exits.map(\.next) == [.end])
        #expect(await eventually { agent.process.exitCode() == 4 })
        await session.close()
    }

    @Test("a cancelled set is given up, and the next one works")
    func cancelled() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect { ImpatientChannel($0) }
        let pid = try await session.state().pid
        let big = SyncFile(destination: agent.image + "/big", bytes: [UInt8](repeating: 1, count: 16 << 20))
        let task = Task { try await session.apply(ChangeSet(files: [big])) }
        #expect(await eventually { !agent.leftovers().isEmpty })
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(readFile(big.destination) == nil)
        let small = SyncFile(destination: agent.image + "/small", bytes: [1])
        let result = try await session.apply(ChangeSet(files: [small]))
        #expect(result.outcome == .committed)
        #expect(await eventually { agent.leftovers().isEmpty })
        #expect(try await session.state().pid == pid)
        await session.close()
    }

    @Test("cancelling at any moment leaves the session usable, and old or new content, never another")
    func cancelledAnywhere() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect { ImpatientChannel($0) }
        let path = agent.image + "/data"
        var allowed: [[UInt8]] = [noise(600_000, seed: 1)]
        _ = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: allowed[0])]))
        for round in 1...40 {
            let bytes = noise(600_000, seed: UInt64(round + 1))
            let task = Task { try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes)])) }
            for _ in 0..<(round * 3) { await Task.yield() }
            task.cancel()
            do {
                _ = try await task.value
                allowed = [bytes]
            } catch is CancellationError {
                allowed.append(bytes)
            }
            #expect(allowed.contains(try #require(readFile(path))))
        }
        let final = SyncFile(destination: path, bytes: noise(600_000, seed: 100))
        #expect(try await session.apply(ChangeSet(files: [final])).outcome == .committed)
        #expect(SHA256.digest(of: try #require(readFile(path))) == final.digest)
        #expect(await eventually { agent.leftovers().isEmpty })
        await session.close()
    }

    @Test("an agent that stops in the middle of a set ends the session, though the stream is full")
    func silenceWhileSending() async throws {
        let agent = try AgentHarness(options: ["--keep-parts", "1"])
        defer { agent.remove() }
        let session = PodSyncSession(
            channel: try await agent.attach(),
            options: .init(hostVersion: "test", owner: "test", pingInterval: .milliseconds(50)))
        _ = try await session.hello()
        let big = SyncFile(destination: agent.image + "/big", bytes: [UInt8](repeating: 1, count: 16 << 20))
        let task = Task { try await session.apply(ChangeSet(files: [big])) }
        #expect(await eventually { !agent.leftovers().isEmpty })
        agent.process.signal(SIGSTOP)
        let error = await #expect(throws: DevloopError.self) { _ = try await task.value }
        agent.process.signal(SIGCONT)
        #expect(error?.code == .syncDisconnected)
        #expect(error?.message.contains("does not answer") == true)
        #expect(await eventually { agent.leftovers().isEmpty })
        await session.close()
    }
}
