// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner

/// What a program printed and how it ended: a stale object shows as another line or as a crash.
package struct ProgramOutput: Sendable, Hashable {
    package var status: String
    package var text: String

    /// Runs programs, one after the other.
    static func of(_ programs: [String], at path: (String) async -> String) async throws -> [String: ProgramOutput] {
        var outputs: [String: ProgramOutput] = [:]
        for program in programs {
            let result = try await ProcessRunner.run(ProcessCommand([await path(program)]))
            outputs[program] = ProgramOutput(status: "\(result.status)", text: result.outputText)
        }
        return outputs
    }
}

/// The truth: a clean `swift build` of sources in a folder of its own, and what its programs print.
struct CleanBuild {
    private var package: LaidOutPackage
    private let environment: [String: String]
    /// Sources and outputs of the last one, since the same sources are the same truth.
    private var last: (sources: [String: String], outputs: [String: ProgramOutput])?

    init(folder: String, environment: [String: String]) throws {
        package = try LaidOutPackage(folder: folder)
        self.environment = environment
    }

    /// What no program prints is left out: an index, debug information. That halves the time.
    private static let flags = ["--disable-index-store", "-Xswiftc", "-gnone", "-Xswiftc", "-use-ld=lld"]

    private var scratch: String { "\(package.folder)/.build" }

    /// - Returns: the outputs, and how long the build took; zero when these sources were the last ones.
    /// - Throws: `DevloopError` when the sources do not compile: the generator is at fault, not the builder.
    mutating func outputs(
        of sources: [String: String], programs: [String]
    ) async throws -> (outputs: [String: ProgramOutput], duration: Duration) {
        if let last, last.sources == sources { return (last.outputs, .zero) }
        FileSystem.remove(scratch)
        try package.write(sources)
        let start = ContinuousClock.now
        var command = ProcessCommand(
            ["swift", "build"] + Self.flags, directory: package.folder, environment: .exact(environment))
        command.softSignal = SIGINT
        let result = try await ProcessRunner.run(command)
        let duration = ContinuousClock.now - start
        guard result.status.isSuccess else {
            throw DevloopError(
                .build, "the generated sources do not compile: \(result.outputText.suffix(4_000))",
                hint: "see \(package.folder)")
        }
        let outputs = try await ProgramOutput.of(programs) { "\(scratch)/debug/\($0)" }
        if let bad = outputs.first(where: { $0.value.status != "\(ProcessStatus.exited(0))" }) {
            throw DevloopError(
                .build, "\(bad.key) of the generated sources ends with \(bad.value.status) after a clean build",
                hint: "see \(package.folder)")
        }
        last = (sources, outputs)
        return (outputs, duration)
    }
}
