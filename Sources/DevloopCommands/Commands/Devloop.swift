// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import DevloopCore
import Glibc
import ProcessRunner

/// The program: its commands, and how their errors become messages and exit codes.
package struct Devloop: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "devloop",
        abstract: "Save a Swift file, see it serve in a running Pod",
        discussion: """
            Reads Devloopfile (or Tiltfile) in the current folder or above, builds, deploys and keeps the Pods up to \
            date with every save. Words after -- go to the Devloopfile.

            Exit codes: 0 done, 1 a build, deploy or check failed, 2 wrong usage, 3 the Devloopfile or a context that it \
            does not allow, 4 the kubeconfig or the cluster, 130 interrupted.
            """,
        version: Version.text,
        subcommands: [
            Up.self, Run.self, CI.self, BuildCommand.self, Down.self, PlanCommand.self, RenderCommand.self,
            Explain.self, PullCommand.self, DoctorCommand.self, VersionCommand.self,
        ])

    package init() {}

    /// Parses, runs and ends the process with the exit code of design §4.1.
    package static func start() async -> Never {
        ProcessMemory.limitHeap()
        signal(SIGPIPE, SIG_IGN)
        do {
            let words = SpecArguments.split(Array(CommandLine.arguments.dropFirst()))
            try await SpecArguments.$current.withValue(words.spec) {
                var command = try parseAsRoot(LocalWords.split(words.command))
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            }
            ProcessEnd.now(ExitStatus.ok.rawValue)
        } catch let error as DevloopError {
            StandardError.write(error.report)
            ProcessEnd.now(error.code.exit.rawValue)
        } catch let end as CommandEnd {
            ProcessEnd.now(end.status.rawValue)
        } catch {
            // Help and version are answers; all else that the parser says is wrong usage.
            let isAnswer = exitCode(for: error).isSuccess
            let text = fullMessage(for: error)
            if isAnswer { StandardOutput.write(text) } else { StandardError.write(text) }
            ProcessEnd.now(isAnswer ? ExitStatus.ok.rawValue : ExitStatus.usage.rawValue)
        }
    }
}

/// The end of the process.
enum ProcessEnd {
    /// Ends without running the libraries' own clean-up: that of TLS and crypto libraries frees what threads of the
    /// runtime may still touch, and a session that ended well would then crash. Nothing of ours is buffered.
    static func now(_ code: Int32) -> Never { _exit(code) }
}

/// A command that has said all it had to say ends with this code.
struct CommandEnd: Error {
    var status: ExitStatus
}

/// The version that `devloop version` and `session.started` tell.
package enum Version {
    package static let text = "0.1.0"
}
