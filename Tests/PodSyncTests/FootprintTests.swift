// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import PodSync
import SyncProtocol
import Synchronization
import Testing

/// Counts what goes out.
private final class CountingChannel: ByteChannel {
    private let base: any ByteChannel
    private let count = Mutex(0)

    init(_ base: any ByteChannel) { self.base = base }

    /// Messages that were sent.
    var sent: Int { count.withLock { $0 } }

    func send(_ bytes: [UInt8]) async throws {
        try await base.send(bytes)
        count.withLock { $0 += 1 }
    }

    func receive() async throws -> [UInt8]? { try await base.receive() }

    func close() async { await base.close() }
}

@Suite("what the agent costs", .timeLimit(.minutes(1)), .serialized)
struct FootprintTests {
    /// Waits until the process has slept for a while.
    private func settled(_ pid: pid_t) async throws -> ProcessCounters {
        var last = try ProcessCounters(of: pid)
        let isQuiet = try await poll(every: .milliseconds(200)) {
            let next = try ProcessCounters(of: pid)
            defer { last = next }
            return next == last
        }
        #expect(isQuiet)
        return last
    }

    @Test("the program as it is built takes at most 1.5 MB")
    func size() throws {
        var info = stat()
        try #require(stat(AgentHarness.agent, &info) == 0)
        #expect(info.st_size <= 1_500_000)
    }

    @Test("an agent that nobody talks to never wakes up")
    func idle() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        _ = try await session.apply(
            ChangeSet(files: [SyncFile(destination: agent.image + "/page", bytes: [1])], rollsBack: false))
        await session.close()
        let before = try await settled(agent.process.pid)
        let wakes = try await poll(deadline: .seconds(2), every: .milliseconds(100)) {
            try ProcessCounters(of: agent.process.pid).switches != before.switches
        }
        #expect(!wakes)
        #expect(before.residentKB < 4_096)
    }

    @Test("a session's pings cost less than 0.1 % of a processor, in the agent and in what exec runs")
    func pings() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let pipe = try await agent.attach()
        let channel = CountingChannel(pipe)
        let session = PodSyncSession(
            channel: channel, options: .init(hostVersion: "test", owner: "test", pingInterval: .milliseconds(100)))
        _ = try await session.hello()
        let pids = [agent.process.pid, pipe.process.pid]
        let first = channel.sent
        let before = try pids.map { try ProcessCounters(of: $0) }
        #expect(await poll(deadline: .seconds(40)) { channel.sent >= first + 30 })
        let after = try pids.map { try ProcessCounters(of: $0) }
        let pings = channel.sent - first
        for (old, new) in zip(before, after) {
            // A session pings every 5 s: a thousandth of that is 5 ms.
            #expect((new.cpu - old.cpu) / pings < 5_000_000)
            #expect((new.switches - old.switches) / pings <= 6)
            #expect(new.residentKB < 4_096)
        }
        // What exec runs has handed its input and output over, and sleeps.
        #expect(before[1].switches == after[1].switches)
        await session.close()
    }

    @Test("what a large set needed is given back")
    func afterLargeSet() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        var files = (0..<2_000).map {
            SyncFile(destination: agent.image + "/many/\($0 % 50)/file-\($0)", bytes: Array("content \($0)".utf8))
        }
        files.append(SyncFile(destination: agent.image + "/big", bytes: noise(24 << 20, seed: 1)))
        _ = try await session.apply(ChangeSet(files: files))
        let counters = try await settled(agent.process.pid)
        #expect(counters.residentKB < 4_096, "\(counters)")
        await session.close()
    }
}
