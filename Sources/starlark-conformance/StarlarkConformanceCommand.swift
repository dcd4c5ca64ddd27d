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

    func run() throws {
        guard let data = ConformanceFolder(folder) else {
            throw ValidationError("no conformance data in \(folder): starlark-go/assert.star is missing")
        }
        let report = try SuiteReport(data)
        for line in report.lines { print(line) }
        if !report.isGood { throw ExitCode(1) }
    }
}
