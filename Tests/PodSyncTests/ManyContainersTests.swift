// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import PodSync
import SyncProtocol
import Synchronization
import Testing

/// Tracks how far the sender is ahead of what the agent has acknowledged.
private final class WindowChannel: ByteChannel {
    private struct State {
        var sent: UInt64 = 0
        var acknowledged: UInt64 = 0
        var furthest: UInt64 = 0
        var decoder = FrameDecoder(crc: CRC32())
    }

    private let base: any ByteChannel
    private let state = Mutex(State())

    init(_ base: any ByteChannel) { self.base = base }

    /// The most bytes that were on their way.
    var furthest: UInt64 { state.withLock { $0.furthest } }

    func send(_ bytes: [UInt8]) async throws {
        state.withLock { state in
            state.sent += UInt64(bytes.count)
            state.furthest = max(state.furthest, state.sent - min(state.sent, state.acknowledged))
        }
        try await base.send(bytes)
    }

    func receive() async throws -> [UInt8]? {
        let bytes = try await base.receive()
        try state.withLock { state in
            state.decoder.append(bytes ?? [])
            while case .frame(let frame)? = try state.decoder.next() {
                if case .dataAcknowledged(_, let taken) = Message(frame) { state.acknowledged = taken }
            }
        }
        return bytes
    }

    func close() async { await base.close() }
}

@Suite("several containers with real agents, and sets of any size", .serialized, .timeLimit(.minutes(3)))
struct ManyContainersTests {
    static func connect(_ agent: AgentHarness, _ readings: SourceReadings) async throws -> PodSyncSession {
        let session = PodSyncSession(
            channel: try await agent.attach(),
            options: .init(hostVersion: "test", owner: "test", pingInterval: .seconds(60), readings: readings))
        _ = try await session.hello()
        return session
    }

    @Test("one reading of a file serves five containers, also for its differences")
    func oneReading() async throws {
        let agents = try (0..<5).map { _ in try AgentHarness() }
        defer { for agent in agents { agent.remove() } }
        let readings = SourceReadings()
        var sessions: [PodSyncSession] = []
        for agent in agents { sessions.append(try await Self.connect(agent, readings)) }
        let source = agents[0].root + "/source"
        var content = noise(900_000, seed: 1)
        func apply() async throws -> [SyncResult] {
            try writeFile(source, content)
            let digest = try await readings.digest(ofFile: source)
            #expect(digest == SHA256.digest(of: content))
            await readings.beginSending()
            let size = UInt64(content.count)
            let results = try await withThrowingTaskGroup { group in
                for (agent, session) in zip(agents, sessions) {
                    let file = SyncFile(
                        destination: agent.image + "/data", source: .file(source), mode: 0o644, digest: digest,
                        size: size)
                    group.addTask { try await session.apply(ChangeSet(files: [file])) }
                }
                return try await group.reduce(into: [SyncResult]()) { $0.append($1) }
            }
            await readings.endSending()
            return results
        }
        #expect(try await apply().map(\.filesSent) == [1, 1, 1, 1, 1])
        #expect(await readings.bytesRead == 900_000)
        content[450_000] ^= 1
        let patched = try await apply()
        #expect(patched.map(\.filesPatched) == [1, 1, 1, 1, 1])
        #expect(patched.allSatisfy { $0.bytesSent < 6_000 })
        #expect(await readings.bytesRead == 1_800_000)
        for agent in agents { #expect(readFile(agent.image + "/data") == content) }
        for session in sessions { await session.close() }
    }

    @Test("a container that hangs in the middle of a set delays no other")
    func hungOne() async throws {
        let agents = try (0..<3).map { _ in try AgentHarness() }
        defer { for agent in agents { agent.remove() } }
        let readings = SourceReadings()
        let source = agents[0].root + "/source"
        let large = try ResumeTests.large(source, megabytes: 8, to: "/")
        var sessions: [PodSyncSession] = []
        for agent in agents { sessions.append(try await Self.connect(agent, readings)) }
        // The agent stops: its stream fills up, and its set does not end.
        agents[0].process.signal(SIGSTOP)
        func set(_ agent: AgentHarness) -> ChangeSet {
            var file = large
            file.destination = agent.image + "/data"
            return ChangeSet(files: [file])
        }
        let hung = sessions[0]
        let stuck = set(agents[0])
        let waiting = Task { try await hung.apply(stuck) }
        for (agent, session) in zip(agents, sessions).dropFirst() {
            let result = try await session.apply(set(agent))
            #expect(result.outcome == .committed)
            #expect(try SHA256.digest(ofFile: agent.image + "/data") == large.digest)
        }
        #expect(readFile(agents[0].image + "/data") == nil)
        agents[0].process.signal(SIGCONT)
        #expect(try await waiting.value.outcome == .committed)
        for session in sessions { await session.close() }
    }

    @Test("a set that is larger than all windows fills neither side")
    func flowControl() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let file = try ResumeTests.large(agent.root + "/source", megabytes: 48, to: agent.image + "/data")
        let channel = WindowChannel(try await agent.attach())
        let session = PodSyncSession(channel: channel, options: .init(hostVersion: "test", owner: "test"))
        _ = try await session.hello()
        let result = try await session.apply(ChangeSet(files: [file]))
        #expect(result.outcome == .committed)
        // Headers are not acknowledged: 20 bytes for each 128 KB.
        let headers = file.size / UInt64(SyncLimits.chunk) * 20 + 4_096
        #expect(channel.furthest <= UInt64(SyncLimits.window + 2 * SyncLimits.chunk) + headers)
        #expect(try ProcessCounters(of: agent.process.pid).peakKB < 4_096)
        await session.close()
    }

    @Test("on a new stream the differences to what the container has are enough: 30 MB with 16 bytes changed")
    func differencesAfterReconnecting() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let readings = SourceReadings()
        let source = agent.root + "/source"
        var file = try ResumeTests.large(source, megabytes: 30, to: agent.image + "/data")
        let first = try await Self.connect(agent, readings)
        _ = try await first.apply(ChangeSet(files: [file]))
        await first.close()
        let descriptor = open(source, O_WRONLY | O_CLOEXEC)
        #expect(pwrite(descriptor, "sixteen bytes...", 16, 15_000_000) == 16)
        close(descriptor)
        file.digest = try SHA256.digest(ofFile: source)
        let second = try await Self.connect(agent, readings)
        let result = try await second.apply(ChangeSet(files: [file]))
        #expect(result.filesPatched == 1)
        #expect(result.bytesSent < 6_000)
        #expect(try SHA256.digest(ofFile: file.destination) == file.digest)
        await second.close()
    }
}
