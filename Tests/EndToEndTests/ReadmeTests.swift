// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

extension EndToEnd {
    /// The session of the README, executed as it is written.
    @Suite(.serialized)
    struct ReadmeTests {
        @Test func theMainJobWorksAsWritten() async throws {
            let steps = ConsoleSession.steps(
                in: try TestFiles.read("\(Workspace.repository)/README.md"), section: "The main job")
            #expect(steps.count >= 5)
            let workspace = try await Workspace.open()
            try await Cluster.run("readme") { cluster in
                try await LiveDevloop.run(in: workspace.path, on: cluster) { live in
                    for name in ["link-manager", "social-graph-manager"] {
                        try await live.wait(name, is: "ready", deadline: .seconds(600))
                    }
                    let opened = try await live.wait("forward.opened", resource: "link-manager")
                    let address = try #require(opened["address"]?.string)
                    for step in steps {
                        // Another session of this machine may hold the port.
                        let command = step.command.replacing("localhost:8080", with: address)
                        try await Self.run(command, in: workspace.path, until: step.output)
                    }
                    #expect(await live.interrupt() == .exited(130))
                }
            }
            try await workspace.restore()
        }

        /// Runs a command; one that shows an answer is repeated until it is the written one, as a person would do.
        private static func run(_ command: String, in directory: String, until output: String) async throws {
            var last = ""
            let matches = try await poll(deadline: .seconds(60), every: .milliseconds(100)) {
                let result = try await ProcessRunner.run(
                    ProcessCommand(["bash", "-c", command], directory: directory))
                last = result.outputText + result.errorText
                return output.isEmpty
                    ? result.status.isSuccess
                    : result.outputText.split(separator: "\n").joined(separator: "\n") == output
            }
            #expect(matches, "'\(command)' answered '\(last)' instead of '\(output)'")
        }
    }
}

/// Commands and their answers in the `console` blocks of a Markdown page.
enum ConsoleSession {
    struct Step: Equatable {
        var command: String
        /// Lines after the command up to the next; empty when nothing is shown.
        var output: String
    }

    static func steps(in page: String, section: String) -> [Step] {
        var steps: [Step] = []
        var isInSection = false
        var isInBlock = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if !isInBlock, line.hasPrefix("## ") { isInSection = line == "## \(section)" }
            guard isInSection else { continue }
            if line.hasPrefix("```") {
                isInBlock = !isInBlock && line == "```console"
            } else if isInBlock, line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2)), output: ""))
            } else if isInBlock, let last = steps.indices.last {
                steps[last].output += (steps[last].output.isEmpty ? "" : "\n") + line
            }
        }
        return steps
    }
}
