// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProcessRunnerTests {
    @Test func collectsBothStreamsAndTheCode() async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", "printf out; printf err >&2; exit 3"]))
        #expect(result.status == .exited(3))
        #expect(result.outputText == "out")
        #expect(result.errorText == "err")
        #expect(!result.status.isSuccess)
    }

    @Test func tellsTheSignal() async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", "kill -SEGV $$"]))
        #expect(result.status == .signalled(11))
        #expect("\(result.status)" == "signal 11 (SIGSEGV)")
    }

    @Test func passesArgumentsWithoutAShell() async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["printf", "%s|", "a b", "$HOME", "*", "", "ä"]))
        #expect(result.outputText == "a b|$HOME|*||ä|")
    }

    @Test func givesExactlyTheEnvironment() async throws {
        let exact = ProcessCommand(["/usr/bin/env"], environment: .exact(["B": "2", "A": "1=1"]))
        #expect(try await ProcessRunner.run(exact).outputText == "A=1=1\nB=2\n")
        let added = ProcessCommand(["/usr/bin/env"], environment: .inherit(adding: ["DEVLOOP_TEST": "x"]))
        let lines = try await ProcessRunner.run(added).outputText.split(separator: "\n")
        #expect(lines.contains("DEVLOOP_TEST=x"))
        #expect(lines.contains { $0.hasPrefix("PATH=") })
    }

    @Test func runsInTheDirectory() async throws {
        let folder = try TemporaryDirectory()
        let result = try await ProcessRunner.run(ProcessCommand(["pwd"], directory: folder.path))
        #expect(result.outputText == folder.path + "\n")
    }

    @Test func readsNothingByDefault() async throws {
        #expect(try await ProcessRunner.run(ProcessCommand(["cat"])).outputText == "")
    }

    @Test func feedsMoreThanAPipeHolds() async throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let result = try await ProcessRunner.run(ProcessCommand(["cat"], stdin: .bytes(bytes)))
        #expect(result.stdout == bytes)
    }

    @Test func feedsAStream() async throws {
        let (chunks, sink) = AsyncThrowingStream.makeStream(of: [UInt8].self, throwing: (any Error).self)
        for index in 0..<100 { sink.yield(Array("\(index)\n".utf8)) }
        sink.finish()
        let result = try await ProcessRunner.run(ProcessCommand(["wc", "-l"], stdin: .stream(chunks)))
        #expect(result.outputText.contains("100"))
    }

    @Test func survivesAChildThatDoesNotReadItsInput() async throws {
        let bytes = [UInt8](repeating: 0, count: 1_000_000)
        let result = try await ProcessRunner.run(
            ProcessCommand(["sh", "-c", "exec 0<&-; exit 4"], stdin: .bytes(bytes)))
        #expect(result.status == .exited(4))
    }

    @Test func aBrokenStreamEndsTheChild() async throws {
        struct Broken: Error {}
        let (chunks, sink) = AsyncThrowingStream.makeStream(of: [UInt8].self, throwing: (any Error).self)
        sink.finish(throwing: Broken())
        await #expect(throws: Broken.self) {
            try await ProcessRunner.run(ProcessCommand(["sleep", "60"], stdin: .stream(chunks)))
        }
    }

    struct Missing: Sendable, CustomTestStringConvertible {
        var arguments: [String]
        var directory: String?
        var message: String
        var testDescription: String { message }
    }

    static let missing = [
        Missing(arguments: ["no-such-program-x"], message: "program 'no-such-program-x' was not found"),
        Missing(arguments: ["/no/such"], message: "program '/no/such' does not exist"),
        Missing(arguments: ["/etc/passwd"], message: "cannot run '/etc/passwd': Permission denied"),
        Missing(
            arguments: ["true"], directory: "/no/such",
            message: "cannot run 'true' in '/no/such': No such file or directory"),
        Missing(arguments: [], message: "the command is empty"),
    ]

    @Test(arguments: missing) func saysWhatCannotBeStarted(_ this: Missing) async throws {
        let error = await #expect(throws: DevloopError.self) {
            try await ProcessRunner.run(ProcessCommand(this.arguments, directory: this.directory))
        }
        #expect(error?.code == .process)
        #expect(error?.message == this.message)
        #expect(this.arguments.isEmpty || error?.hint != nil)
    }

    @Test func namesTheMissingInterpreter() async throws {
        let folder = try TemporaryDirectory()
        let script = try folder.write("script", "#!/no/such/interpreter\n", mode: 0o755)
        let error = await #expect(throws: DevloopError.self) { try await ProcessRunner.run(ProcessCommand([script])) }
        #expect(error?.message == "cannot run '\(script)': its interpreter or loader is missing")
    }

    @Test func stopsAChildThatWritesTooMuch() async throws {
        let error = await #expect(throws: DevloopError.self) {
            try await ProcessRunner.run(ProcessCommand(["yes"]), outputLimit: 100_000)
        }
        #expect(error?.message == "'yes' wrote more than 100000 bytes")
    }

    @Test func doesNotWaitForWhatTheChildLeavesBehind() async throws {
        let start = ContinuousClock.now
        let result = try await ProcessRunner.run(ProcessCommand(["sh", "-c", "sleep 4 & echo done"]))
        #expect(result.outputText == "done\n")
        #expect(ContinuousClock.now - start < .seconds(3))
    }

    @Test func streamsLinesAsTheyCome() async throws {
        let lines = Mutex<[String]>([])
        let splitter = Mutex(LineSplitter())
        let status = try await ProcessRunner.stream(ProcessCommand(["sh", "-c", "echo a; echo b; printf c"])) {
            _, bytes in
            let new = splitter.withLock { $0.add(bytes) }
            lines.withLock { $0 += new.map { String(decoding: $0, as: UTF8.self) } }
        }
        #expect(status.isSuccess)
        #expect(lines.withLock { $0 } == ["a", "b"])
        #expect(splitter.withLock { $0.finish() } == Array("c".utf8))
    }

    @Test func runsManyAtOnce() async throws {
        try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<64 {
                group.addTask { try await ProcessRunner.run(ProcessCommand(["echo", "\(index)"])).outputText }
            }
            var outputs: Set<String> = []
            for try await output in group { outputs.insert(output) }
            #expect(outputs.count == 64)
        }
    }
}
