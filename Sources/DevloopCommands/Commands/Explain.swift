// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import DevloopLive

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a save of a file would do, from the Devloopfile alone",
        discussion: "Neither a session nor a cluster is asked, and nothing is built.")

    @OptionGroup var spec: SpecOptions

    @Flag(help: "Print JSON")
    var json = false

    @Argument(help: "Files, relative to the current folder")
    var files: [String]

    func run() async throws {
        let explanations = try await Explanation.make(spec.settings, files: files)
        StandardOutput.write(
            json
                ? JSONValue.array(explanations.map(\.json)).prettyText
                : explanations.map(\.text).joined(separator: "\n"))
    }
}
