// SPDX-License-Identifier: Apache-2.0

import Glibc
import PodSync
import SyncProtocol
import Testing

/// Prints how long things take; the limits are far above what was measured, so that a busy machine does not fail them.
@Suite("timings with the real agent", .serialized, .timeLimit(.minutes(2)))
struct SyncTimings {
    static func median(_ count: Int, _ body: (Int) async throws -> Duration) async throws -> Duration {
        var times: [Duration] = []
        for index in 0..<count { times.append(try await body(index)) }
        return times.sorted()[count / 2]
    }

    @Test("small sets, restarts")
    func small() async throws {
        let agent = try AgentHarness(binary: ["sleep", "1000"])
        defer { agent.remove() }
        let session = try await agent.connect()
        let kilobyte = try await Self.median(30) { index in
            let file = SyncFile(destination: agent.image + "/page", bytes: noise(1_000, seed: UInt64(index + 1)))
            return try await session.apply(ChangeSet(files: [file])).send
        }
        let library = try await Self.median(10) { index in
            let file = SyncFile(destination: agent.image + "/lib", bytes: noise(117_000, seed: UInt64(index + 1)))
            return try await session.apply(ChangeSet(files: [file])).send
        }
        let restart = try await Self.median(10) { index in
            let bytes = AgentHarness.busybox + [UInt8(index)]
            let file = SyncFile(destination: agent.appFolder + "/sleep", bytes: bytes, mode: 0o755, isEntry: true)
            let result = try await session.apply(ChangeSet(files: [file]))
            return (result.restart ?? .zero) + (result.ready ?? .zero)
        }
        print("timings: 1 KB \(kilobyte), 117 KB \(library), restart \(restart), agent \(memory(agent))")
        #expect(kilobyte < .seconds(2))
        #expect(restart < .seconds(1))
        await session.close()
    }

    /// Resident and peak memory of the agent.
    private func memory(_ agent: AgentHarness) -> String {
        (text("/proc/\(agent.process.pid)/status") ?? "").split(separator: "\n")
            .filter { $0.hasPrefix("VmRSS") || $0.hasPrefix("VmHWM") }
            .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }.joined(separator: ", ")
    }

    @Test("a large file: whole, then 16 bytes of it")
    func large() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let session = try await agent.connect()
        var bytes = noise(30 << 20, seed: 1)
        let path = agent.image + "/large"
        let whole = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes)]))
        bytes.replaceSubrange(20_000_000..<20_000_016, with: [UInt8](repeating: 9, count: 16))
        let patch = try await session.apply(ChangeSet(files: [SyncFile(destination: path, bytes: bytes)]))
        print("timings: 30 MB whole \(whole.send), 16 bytes of it \(patch.send), \(memory(agent))")
        #expect(patch.filesPatched == 1)
        #expect(patch.bytesSent < 40_000)
        #expect(patch.send < .seconds(10))
        await session.close()
    }
}
