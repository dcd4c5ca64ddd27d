// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import DevloopLive

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is wrong with this machine and the cluster",
        discussion: """
            Tells what was detected, which way images take to the nodes and why, the ways not taken, and what is missing \
            here. Works without a Devloopfile too. Exit code 1: something needed is broken; 4: no cluster was reached.
            """)

    @OptionGroup var spec: SpecOptions

    @Flag(help: "Print JSON")
    var json = false

    func run() async throws {
        let report = await Doctor.examine(spec.settings)
        StandardOutput.write(json ? report.json.prettyText : report.text)
        if report.exit != .ok { throw CommandEnd(status: report.exit) }
    }
}
