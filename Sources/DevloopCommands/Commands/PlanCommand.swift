// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import DevloopLive

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Evaluate the Devloopfile and print what it makes; needs no cluster")

    @OptionGroup var session: SessionArguments

    @Flag(help: "Print JSON, errors included")
    var json = false

    @Flag(help: "Add the time that each builtin took")
    var timings = false

    func run() async throws {
        let result = await PlanReport.make(session.settings)
        if json {
            var answer = result.json
            if timings { answer["timings"] = result.timingsJSON }
            StandardOutput.write(answer.prettyText)
            if let error = result.error { throw CommandEnd(status: error.code.exit) }
            return
        }
        for line in result.output { StandardError.write(line) }
        if timings { StandardError.write(result.timings) }
        if let error = result.error { throw error }
        StandardOutput.write(result.table)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version")

    func run() { StandardOutput.write(Version.text) }
}
