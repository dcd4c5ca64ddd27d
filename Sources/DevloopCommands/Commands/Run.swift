// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import DevloopLive
import LoopEngine

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build and deploy once, wait until healthy, end",
        discussion: "Images carry no agent. Objects stay in the cluster.")

    @OptionGroup var session: SessionArguments

    @Option(help: "plain or json")
    var ui = Interface.auto

    @Option(help: "Time for the whole, such as 90s, 10m or 1h (10m)")
    var timeout: TimeSpan?

    func validate() throws {
        if ui == .tui { throw ValidationError("run has no dashboard: give --ui plain or --ui json") }
    }

    func run() async throws {
        try await SessionRunner(
            mode: .run, arguments: session, interface: ui, onExit: .keep, timeout: timeout?.duration
        ).run()
    }
}

struct CI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ci",
        abstract: "As run, for CI: end at the first hard failure",
        discussion: "Limits come from ci_settings(...): 30 minutes in all, 5 for a resource to become ready.")

    @OptionGroup var session: SessionArguments

    @Option(help: "plain or json")
    var ui = Interface.auto

    @Option(help: "What happens to the objects in the cluster: keep or delete")
    var onExit = SessionOptions.OnExit.keep

    @OptionGroup var local: LocalOptions

    @Option(help: "Write a report at the end, as junit=FILE or json=FILE; may be given several times")
    var report: [ReportFile] = []

    func validate() throws {
        if ui == .tui { throw ValidationError("ci has no dashboard: give --ui plain or --ui json") }
    }

    func run() async throws {
        try await SessionRunner(
            mode: .ci, arguments: session, interface: ui, onExit: onExit, timeout: nil,
            place: local.place(otherwise: .cluster), reports: report
        ).run()
    }
}

/// `90s`, `10m`, `1h`.
struct TimeSpan: ExpressibleByArgument {
    var duration: Duration

    init?(argument: String) {
        guard let unit = argument.last, let count = Int(argument.dropLast()), count > 0 else { return nil }
        switch unit {
        case "s": duration = .seconds(count)
        case "m": duration = .seconds(count * 60)
        case "h": duration = .seconds(count * 3600)
        default: return nil
        }
    }
}
