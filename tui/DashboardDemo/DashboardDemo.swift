// SPDX-License-Identifier: Apache-2.0

import CursesScreen
import DashboardTUI
import DevloopCore
import Glibc
import LogStore
import TerminalGrid

/// Shows the dashboard with a session that does not exist: five services, events, logs. For looking at the dashboard,
/// for its tests in a real terminal, and for measuring it.
@main
enum DashboardDemo {
    static func main() async {
        do {
            let options = try DemoOptions(Array(CommandLine.arguments.dropFirst()))
            if options.measures {
                try Measurement.run(options)
            } else {
                try await DemoSession(options).run()
            }
        } catch let error as DevloopError {
            fputs("\(error.report)\n", stderr_())
            exit(error.code.exit.rawValue)
        } catch {
            fputs("\(error)\n", stderr_())
            exit(1)
        }
    }

    /// The C library's global cannot be named in Swift 6.
    private static func stderr_() -> UnsafeMutablePointer<FILE>? { fdopen(STDERR_FILENO, "w") }
}
