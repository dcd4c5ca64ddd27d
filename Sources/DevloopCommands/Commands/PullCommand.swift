// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import DevloopLive

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Copy a file or folder out of a container, once",
        discussion: """
            The agent of devloop in the container reads the files, so the image needs neither tar nor a shell. Modes and \
            links are kept. What cannot be copied, such as sockets and links that lead out of what was pulled, is named, \
            and the exit code is then 1; the rest is there.
            """)

    @OptionGroup var spec: SpecOptions

    @Option(name: .shortAndLong, help: "The container; else the only one with an agent")
    var container: String?

    @Flag(help: "Overwrite files that are there, and put a folder's content into one that is there")
    var force = false

    @Argument(help: "POD:PATH or NAMESPACE/POD:PATH; the path is absolute")
    var source: String

    @Argument(help: "Where it is put; into it, when it is a folder; else the current folder")
    var destination: String?

    func validate() throws {
        guard PullSource(source) != nil else {
            throw ValidationError("\"\(source)\" is not POD:PATH with an absolute path, such as web-7d9f:/app/data")
        }
    }

    func run() async throws {
        guard let source = PullSource(source) else { return }
        let run = PullRun(spec.settings, source: source, container: container, force: force)
        let copied = try await run.run(to: destination)
        for problem in copied.problems { StandardError.write("left out: \(PrintableText.lines(problem).joined())") }
        StandardOutput.write(copied.path)
        if !copied.problems.isEmpty { throw CommandEnd(status: .workFailed) }
    }
}
