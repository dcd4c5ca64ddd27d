// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Synchronization
import Testing

/// No process that devloop has started, directly or not, may outlive its purpose.
@Suite(.timeLimit(.minutes(1))) struct TeardownTests {
    /// Runs a script, cancels it once it has written `ready`, and tells how long the end took.
    private func cancelWhenReady(_ script: String, mark: String, grace: Duration = .seconds(2)) async throws -> Duration
    {
        let isReady = Mutex(false)
        var command = ProcessCommand(["sh", "-c", script, mark])
        command.grace = grace
        let task = Task { [command] in
            try await ProcessRunner.stream(command) { _, bytes in
                if String(decoding: bytes, as: UTF8.self).contains("ready") { isReady.withLock { $0 = true } }
            }
        }
        #expect(await poll { isReady.withLock { $0 } })
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        return ContinuousClock.now - start
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// `$0` is a text that is unique to the case; the sleepers carry it in their command line.
        var script: String
        var longest: Duration
        var testDescription: String { name }
    }

    private static let sleeper = "sh -c 'sleep 300; :' $0"
    static let cases = [
        Case(
            name: "children in the background",
            script: "\(sleeper) & \(sleeper) & echo ready; wait", longest: .milliseconds(1500)),
        Case(
            name: "a child in a process group of its own, as compilers are",
            script: "set -m; \(sleeper) & set +m; echo ready; wait", longest: .milliseconds(1500)),
        Case(
            name: "a shell that ignores the soft signal",
            script: "trap '' TERM; echo ready; while :; do sleep 1; done", longest: .milliseconds(2000)),
        Case(
            name: "a child that outlives its parent and ignores the soft signal",
            script: "(trap '' TERM; exec \(sleeper)) & echo ready; exit 0", longest: .milliseconds(2000)),
        Case(
            name: "a child without our pipes",
            script: "\(sleeper) >/dev/null 2>&1 & echo ready; wait", longest: .milliseconds(1500)),
    ]

    @Test(arguments: cases) func cancellationLeavesNothing(_ this: Case) async throws {
        let mark = "devloop-mark-\(Int.random(in: 0..<Int.max))"
        let isLeaderGone = this.script.hasSuffix("exit 0")
        if isLeaderGone {
            // The run ends by itself shortly after its leader, so the end is asked for while the pipes are drained.
            let channel = try await ProcessRunner.open(ProcessCommand(["sh", "-c", this.script, mark])) { _ in }
            _ = try await channel.receive()
            await channel.close()
        } else {
            let took = try await cancelWhenReady(this.script, mark: mark, grace: .milliseconds(300))
            #expect(took < this.longest)
        }
        #expect(LiveProcesses.matching(mark) == [])
    }

    @Test func aSoftEndIsWaitedFor() async throws {
        let folder = try TemporaryDirectory()
        let file = folder("ended")
        let script = "trap 'sleep 0.2; echo x > \(file); exit 0' TERM; echo ready; while :; do sleep 0.05; done"
        _ = try await cancelWhenReady(script, mark: "soft")
        #expect(TestFiles.exists(file))
    }

    @Test func aCancelledTaskStartsNothing() async throws {
        let folder = try TemporaryDirectory()
        let file = folder("made")
        let task = Task {
            _ = await poll(deadline: .seconds(5)) { Task.isCancelled }
            return try await ProcessRunner.run(ProcessCommand(["touch", file]))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!TestFiles.exists(file))
    }

    @Test func childrenHaveNoDescriptorOfOurs() async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["ls", "/proc/self/fd"]))
        // 0, 1, 2 and the one that ls has opened on the folder.
        #expect(result.outputText.split(separator: "\n") == ["0", "1", "2", "3"])
    }

    @Test func childrenLeadASession() async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", "cut -d' ' -f1,5,6 /proc/$$/stat; :"]))
        let ids = result.outputText.split(whereSeparator: \.isWhitespace)
        #expect(ids.count == 3)
        #expect(Set(ids).count == 1)
    }

    @Test func nothingLeaksOverManyRuns() async throws {
        func descriptors() async throws -> Int {
            try await ProcessRunner.run(ProcessCommand(["sh", "-c", "ls /proc/$PPID/fd | wc -l"])).outputText
                .split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 0
        }
        _ = try await descriptors()
        let before = try await descriptors()
        for _ in 0..<200 { _ = try await ProcessRunner.run(ProcessCommand(["true"])) }
        // Other tests run beside this one and have children of their own, but not hundreds of descriptors.
        #expect(try await descriptors() < before + 150)
    }
}
