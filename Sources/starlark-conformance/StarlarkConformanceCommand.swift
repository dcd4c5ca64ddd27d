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
        let report = try SuiteReport(data)
        for line in report.lines { print(line) }
        if !report.isGood { throw ExitCode(1) }
    }
}
