// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// Commands that a person starts from the dashboard.
extension Session {
    /// Runs the command of a button beside everything else; its output goes into the log of its resource.
    package func press(_ name: String) {
        guard let button = plan?.settings.buttons.first(where: { $0.name == name }) else { return }
        let commands = ports.commands
        let wall = ports.clock.wall
        let source = button.resource ?? "devloop"
        let log: @Sendable (String) -> Void = { [weak self] line in
            self?.log(source, pod: "", container: "button", LogLine(time: wall(), bytes: Array(line.utf8)))
        }
        log("\(button.text): started")
        spawn { _ in
            do {
                let code = try await commands.run(button.command, onLine: log)
                log("\(button.text): " + (code == 0 ? "done" : "ended with exit code \(code)"))
            } catch {
                log("\(button.text): \(Self.text(error))")
            }
        }
    }
}
