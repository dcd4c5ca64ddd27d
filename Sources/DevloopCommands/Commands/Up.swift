// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopLive
import LoopEngine

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build, deploy, watch; survive every failure",
        discussion: """
            Stays until Ctrl-C. A broken Devloopfile, an unreachable cluster or a failed build is told and waited for; \
            the next save tries again.
            """)

    @OptionGroup var session: SessionArguments

    @Option(help: "auto: the dashboard on a terminal, else plain lines; json: one event a line")
    var ui = Interface.auto

    @Option(help: "What happens to the objects in the cluster: keep or delete")
    var onExit = SessionOptions.OnExit.keep

    @OptionGroup var local: LocalOptions

    @Flag(help: "Take the namespace and its Pods over from another session of the project")
    var force = false

    func run() async throws {
        try await SessionRunner(
            mode: .up, arguments: session, interface: ui, onExit: onExit, timeout: nil, force: force,
            place: local.place(otherwise: .automatic)
        ).run()
    }
}
