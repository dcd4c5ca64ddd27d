// SPDX-License-Identifier: Apache-2.0

import ProcessRunner
import SwiftBuilder

/// `swift build` alone, with the flags and the environment of devloop's builder, in a copy of the package of its own so
/// that the two never wait for each other.
struct PlainBuild {
    let context: BenchContext
    let package: String
    /// Nil for devloop's own flags and scratch folder; else these, in SwiftPM's own folder.
    var flags: [String]?

    /// - Returns: milliseconds, and what it said.
    func run() async throws -> (milliseconds: Double, output: String) {
        let start = ContinuousClock.now
        let result = try await ProcessRunner.run(
            ProcessCommand(
                ["swift", "build"]
                    + (flags ?? ["--scratch-path", SwiftBuilder.scratchFolder] + SwiftBuilder.flags),
                directory: package, environment: .exact(BuildEnvironment.filtered(context.environment))))
        let time = (ContinuousClock.now - start).inMilliseconds
        guard result.status.isSuccess else {
            throw BenchFailure(
                "swift build in \(package) failed: \(result.outputText.suffix(2_000))\(result.errorText)")
        }
        return (time, result.outputText)
    }
}
