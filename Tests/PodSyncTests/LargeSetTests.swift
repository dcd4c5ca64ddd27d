// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Glibc
import PodSync
import ProcessRunner
import SyncProtocol
import Testing

/// 500 MB: many files, and one that is larger than all of them.
@Suite("a set of 500 MB with the real agent", .serialized, .timeLimit(.minutes(4)))
struct LargeSetTests {
    /// Set in the process that sends.
    private static let variable = "DEVLOOP_TEST_SENDS_LARGE_SET"

    /// In a process of its own, since the other tests of this one need memory, too; and they come first.
    @Test("500 MB fill neither the memory of the sender nor that of the agent")
    func staysSmall() async throws {
        let words = ["--testing-library", "swift-testing", "--filter", "^PodSyncTests\\.LargeSetTests/sends"]
        let result = try await ProcessRunner.run(
            ProcessCommand(
                ["nice", "-n", "19", BuiltProducts.path("devloopPackageTests.xctest")] + words,
                environment: .inherit(adding: [Self.variable: "1"])))
        #expect(result.status.isSuccess, "\(result.outputText)\n\(result.errorText)")
        let figures = result.outputText.split(separator: "\n").filter { $0.hasPrefix("500 MB: ") }
        #expect(figures.count == 1, "\(result.outputText)")
        print(figures.joined(separator: "\n"))
    }

    @Test("the sender of the test above", .enabled(if: ProcessEnvironment.value(variable) == "1"))
    func sends() async throws {
        let agent = try AgentHarness()
        defer { agent.remove() }
        let folder = agent.root + "/source"
        mkdir(folder, 0o755)
        _ = try ResumeTests.large(folder + "/large", megabytes: 300, to: "/")
        var piece = noise(100_000, seed: 11)
        for number in 0..<2_000 {
            for byte in 0..<4 { piece[byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
            try writeFile("\(folder)/file-\(number)", piece)
        }
        let readings = SourceReadings()
        let session = try await ManyContainersTests.connect(agent, readings)
        // The most that was held starts anew with what is held now.
        try writeFile("/proc/self/clear_refs", [UInt8(ascii: "5")])
        let before = try ProcessCounters(of: getpid())
        let start = ContinuousClock.now

        func apply(_ names: [String]) async throws -> SyncResult {
            var set = ChangeSet(restart: .never)
            for name in names {
                let path = "\(folder)/\(name)"
                var info = stat()
                try #require(stat(path, &info) == 0)
                set.files.append(
                    SyncFile(
                        destination: "\(agent.image)/\(name)", source: .file(path), mode: 0o644,
                        digest: try await readings.digest(ofFile: path), size: UInt64(info.st_size)))
            }
            await readings.beginSending()
            let result = try await session.apply(set)
            await readings.endSending()
            return result
        }
        let first = try await apply(["large"] + (0..<2_000).map { "file-\($0)" })
        let time = ContinuousClock.now - start
        #expect(first.outcome == .committed)
        #expect(first.filesSent == 2_001)
        #expect(first.resends == 0)
        // Again, for a few bytes.
        let descriptor = open(folder + "/large", O_WRONLY | O_CLOEXEC)
        #expect(pwrite(descriptor, "sixteen bytes...", 16, 150_000_000) == 16)
        close(descriptor)
        let second = try await apply(["large"])
        #expect(second.filesPatched == 1)
        #expect(second.bytesSent < 6_000)

        let host = try ProcessCounters(of: getpid()).peakKB - before.residentKB
        let other = try ProcessCounters(of: agent.process.pid).peakKB
        print("500 MB: \(time), the sender took \(host) KB more, the agent \(other) KB")
        #expect(host <= 64 << 10)
        #expect(other <= 16 << 10)
        let (status, output) = TestProgram.run([
            "sh", "-c", "cd '\(folder)' && for f in *; do cmp \"$f\" '\(agent.image)'/\"$f\" || exit 1; done",
        ])
        #expect(status == 0, "\(output)")
        await session.close()
    }
}
