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

    func run() async throws {
        let result = await PlanReport.make(session.settings)
        if json {
            StandardOutput.write(result.json.prettyText)
            if let error = result.error { throw CommandEnd(status: error.code.exit) }
            return
        }
        for line in result.output { StandardError.write(line) }
        if let error = result.error { throw error }
        StandardOutput.write(result.table)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version")

    func run() { StandardOutput.write(Version.text) }
}
