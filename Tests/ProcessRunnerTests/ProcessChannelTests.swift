// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProcessChannelTests {
    @Test func talksToAProgram() async throws {
        let channel = try await ProcessRunner.open(ProcessCommand(["cat"])) { _ in }
        for word in ["one", "two", "three"] {
            try await channel.send(Array(word.utf8))
            #expect(try await channel.receive() == Array(word.utf8))
        }
        channel.finishSending()
        #expect(try await channel.receive() == nil)
        #expect(await channel.wait() == .exited(0))
    }

    @Test func holdsUpAProgramThatIsNotReadAndLosesNothing() async throws {
        let count = 20_000_000
        let channel = try await ProcessRunner.open(ProcessCommand(["head", "-c", "\(count)", "/dev/zero"])) { _ in }
        // It has far more to write than we take, so it is still there when a part is read.
        let first = try #require(try await channel.receive())
        #expect(LiveProcesses.matching("head\u{0}-c\u{0}\(count)").count == 1)
        var received = first.count
        while let bytes = try await channel.receive() { received += bytes.count }
        #expect(received == count)
    }

    @Test func sendingToAnEndedProgramFails() async throws {
        let channel = try await ProcessRunner.open(ProcessCommand(["true"])) { _ in }
        _ = await channel.wait()
        await #expect(throws: DevloopError.self) { try await channel.send([1]) }
        await channel.close()
        await channel.close()
    }

    @Test func closingEndsAWaitingReader() async throws {
        let channel = try await ProcessRunner.open(ProcessCommand(["sleep", "60"])) { _ in }
        let reader = Task { try await channel.receive() }
        await channel.close()
        #expect(try await reader.value == nil)
    }

    @Test func releasingTheChannelEndsTheProgram() async throws {
        let mark = "devloop-mark-\(Int.random(in: 0..<Int.max))"
        do {
            let channel = try await ProcessRunner.open(ProcessCommand(["sh", "-c", "echo up; sleep 300", mark])) { _ in
            }
            _ = try await channel.receive()
        }
        #expect(await poll { LiveProcesses.matching(mark).isEmpty })
    }
}
