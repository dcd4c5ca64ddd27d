// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

extension EndToEnd.LoopTests {
    private static let manifest = """
        // swift-tools-version: 6.0
        import PackageDescription
        let package = Package(
            name: "tiny",
            targets: [
                .plugin(name: "Words", capability: .buildTool()),
                .executableTarget(name: "tiny", plugins: ["Words"]),
            ])

        """

    /// Makes a source of a text, and writes the time into that text: the next build makes it again.
    private static let plugin = """
        import Foundation
        import PackagePlugin
        @main struct Words: BuildToolPlugin {
            func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
                let input = context.package.directoryURL.appending(path: "Sources/tiny/in.words")
                let made = context.pluginWorkDirectoryURL.appending(path: "Made.swift")
                let log = context.package.directoryURL.appending(path: "runs.log")
                return [
                    .buildCommand(
                        displayName: "words", executable: URL(filePath: "/bin/sh"),
                        arguments: [
                            "-c", "echo run >> $2; echo let made = 1 > $1; date +%s%N > $0", input.path, made.path, log.path,
                        ],
                        inputFiles: [input], outputFiles: [made])
                ]
            }
        }

        """

    /// SwiftPM itself runs what the plugin asks for, in every build.
    @Test func aBuildPluginThatWritesItsOwnInputIsNamedAndStopped() async throws {
        try await Cluster.run("plugin") { cluster in
            let package = try TinyPackage("local_resource('other', cmd='true', deps=['other.txt'])\n")
            try package.folder.write("Package.swift", Self.manifest)
            try package.folder.write("Plugins/Words/Words.swift", Self.plugin)
            try package.folder.write(".devloopignore", "runs.log\n")
            try package.folder.write("Sources/tiny/in.words", "one\n")
            try package.folder.write("other.txt", "one\n")
            try await LiveDevloop.run(in: package.path, on: cluster) { live in
                try await live.wait("app", is: "starting", deadline: .seconds(180))
                let warning = try await live.wait("watch.warned", resource: "app", deadline: .seconds(240))
                let text = warning["message"]?.string ?? ""
                #expect(text.hasPrefix("the build of "), "\(text)")
                #expect(
                    text.contains(" writes Sources/tiny/in.words, one of its own inputs, each time: stopped after "),
                    "\(text)")
                // What is under way comes to its end, and serves.
                try await live.wait("app", is: "ready", after: warning["seq"]?.int ?? 0, deadline: .seconds(120))
                let stopped = Self.runs(package.folder)
                #expect((3...40).contains(stopped))
                try await Self.passes(live, package.folder, "two\n")
                #expect(Self.runs(package.folder) == stopped)
                #expect(live.all("watch.warned", resource: "app").count == 1)

                // A source of the program goes on, and serves.
                let before = live.last
                try package.write("two")
                try await live.wait("log.written", resource: "app", after: before, deadline: .seconds(120)) {
                    $0["text"] == "tiny two"
                }
                #expect(await live.interrupt() == .exited(130))
            }
        }
    }
}
