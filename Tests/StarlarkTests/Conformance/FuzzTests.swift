// SPDX-License-Identifier: Apache-2.0

import StarlarkConformance
import Testing

/// Broken programs must end in errors, and nothing worse. A crash takes the tests with it; `starlark-conformance
/// --fuzz` with the same seed and `--save` then shows the program.
@Suite(.enabled(if: ConformanceData.isPresent, ConformanceData.absence), .timeLimit(.minutes(5)))
struct FuzzTests {
    @Test func brokenProgramsEndInErrors() throws {
        var fuzzer = try Fuzzer(#require(ConformanceData.folder), seed: 1)
        let deadline = ContinuousClock.now + .seconds(15)
        while ContinuousClock.now < deadline, fuzzer.number < 20_000 {
            let number = fuzzer.number
            if let problem = Fuzzer.check(fuzzer.next()) { Issue.record("program \(number): \(problem)") }
        }
        #expect(fuzzer.number > 100)
    }
}
