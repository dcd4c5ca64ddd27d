// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import DevloopLive
import LoopEngine

struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Compile and pack images; deliver and apply nothing",
        discussion: "No cluster is needed. Commands of custom_build run, and do what they do.")

    @OptionGroup var session: SessionArguments

    @Option(help: "plain or json")
    var ui = Interface.auto

    func validate() throws {
        if ui == .tui { throw ValidationError("build has no dashboard: give --ui plain or --ui json") }
    }

    func run() async throws {
        let kind = try InterfaceChoice.choose(ui, mode: .run)
        let build = BuildRun(session.settings, names: session.names)
        try await JournalOutput.show(build.journal, as: kind) { try await build.run(version: Version.text) }
    }
}

struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Print the objects as run would apply them",
        discussion: """
            Builds and packs images, since their references hold digests, and asks the cluster which way they would \
            take; changes nothing there. --no-build asks nobody, and prints image names without tags. What run adds to \
            objects that do not exist yet, the annotation devloop.dev/created, is left out.
            """)

    @OptionGroup var session: SessionArguments

    @Flag(help: "Print JSON: a List")
    var json = false

    @Flag(inversion: .prefixedNo, help: "Build what image references stand for")
    var build = true

    func run() async throws {
        let render = RenderRun(session.settings, names: session.names, builds: build)
        let objects = try await JournalOutput.talk(render.journal) { try await render.objects() }
        if json {
            let list: JSONValue = ["apiVersion": "v1", "kind": "List", "items": .array(objects)]
            StandardOutput.write(list.prettyText)
        } else if !objects.isEmpty {
            StandardOutput.write(RenderRun.yaml(objects))
        }
    }
}
