// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import StarlarkConformance

/// Runs the public Starlark suites against this interpreter.
@main
struct StarlarkConformanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "starlark-conformance", abstract: "Run the public Starlark suites")

    @Argument(help: "Folder that holds bazelbuild and starlark-go")
    var folder: String

    @Flag(help: "Measure the speed instead: nanoseconds a benchmark, megabytes a second for parsing")
    var bench = false

    @Option(help: "With --bench, the only function to measure")
    var only: String?

    @Option(help: "Break programs at random for so many seconds instead, and run them")
    var fuzz: Int?

    @Option(help: "With --fuzz, where the random numbers begin")
    var seed: UInt64 = 1

    @Option(help: "With --fuzz, the number of the first program")
    var from: UInt64 = 0

    @Option(help: "With --fuzz, file to which each program is written before it is run", completion: .file())
    var save: String?

    func run() throws {
        guard let data = ConformanceFolder(folder) else {
            throw ValidationError("no conformance data in \(folder): starlark-go/assert.star is missing")
        }
        if bench {
            let speed = SpeedMeasurement(data)
            for (name, time) in try speed.functions(only: only) { print(name, Int(time.rounded())) }
            if only == nil { print("parse_megabytes", try speed.parsing()) }
            return
        }
        if let fuzz { return try runFuzzer(data, seconds: fuzz) }
        let report = try SuiteReport(data)
        for line in report.lines { print(line) }
        if !report.isGood { throw ExitCode(1) }
    }

    private func runFuzzer(_ data: ConformanceFolder, seconds: Int) throws {
        var fuzzer = try Fuzzer(data, seed: seed, from: from)
        let deadline = ContinuousClock.now + .seconds(seconds)
        var isGood = true
        while ContinuousClock.now < deadline {
            let number = fuzzer.number
            let source = fuzzer.next()
            if let save { try ConformanceFolder.write(source, to: save) }
            if let problem = Fuzzer.check(source) {
                print("seed \(seed), program \(number): \(problem)")
                isGood = false
            }
        }
        print("seed \(seed): \(fuzzer.number - from) programs")
        if !isGood { throw ExitCode(1) }
    }
}
