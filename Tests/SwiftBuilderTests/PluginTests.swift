// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

@testable import SwiftBuilder

/// A package whose plugin makes Swift code of a text, with a program of the same package.
extension RealBuilds {
    private static func writePlugin(_ folder: TemporaryDirectory) throws {
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "plugged",
                targets: [
                    .executableTarget(name: "maker"),
                    .plugin(name: "Words", capability: .buildTool(), dependencies: ["maker"]),
                    .target(name: "Texts", plugins: ["Words"]),
                    .executableTarget(name: "app", dependencies: ["Texts"]),
                ])

            """)
        try folder.write("Sources/maker/main.swift", maker("="))
        try folder.write("Plugins/Words/Words.swift", plugin(suffix: "words"))
        try folder.write("Sources/Texts/a.words", "w0")
        try folder.write("Sources/Texts/b.names", "n0")
        try folder.write("Sources/Texts/Texts.swift", "public func text() -> String { \"t0 \" + made }\n")
        try folder.write("Sources/app/main.swift", "import Texts\nprint(text())\n")
    }

    private static func maker(_ sign: String) -> String {
        """
        import Glibc
        guard let source = fopen(CommandLine.arguments[1], "r"), let made = fopen(CommandLine.arguments[2], "w"),
            let line = readLine(from: source)
        else { exit(1) }
        fputs("let made = \\"\(sign)\\(line)\\"\\n", made)
        fclose(made)
        func readLine(from file: UnsafeMutablePointer<FILE>) -> String? {
            var buffer = [CChar](repeating: 0, count: 80)
            return fgets(&buffer, 80, file) == nil ? nil : String(cString: buffer)
        }

        """
    }

    private static func plugin(suffix: String) -> String {
        """
        import PackagePlugin
        @main struct Words: BuildToolPlugin {
            func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
                guard let target = target as? SourceModuleTarget else { return [] }
                return try target.sourceFiles.filter { $0.url.pathExtension == "\(suffix)" }.map { file in
                    let made = context.pluginWorkDirectoryURL.appending(path: "Made.swift")
                    return .buildCommand(
                        displayName: "words", executable: try context.tool(named: "maker").url,
                        arguments: [file.url.path, made.path], inputFiles: [file.url], outputFiles: [made])
                }
            }
        }

        """
    }

    /// Builds and gives what `app` prints, and the reasons for `swift build`.
    private func run(_ builder: SwiftBuilder, changed: [String]) async throws -> (output: String, reasons: [String]) {
        let (stream, told) = AsyncStream.makeStream(of: BuildEvent.self)
        let outcome = try await builder.build(BuildRequest(products: ["app"], changedFiles: changed)) { told.yield($0) }
        told.finish()
        var reasons: [String] = []
        for await event in stream {
            if case .started(_, let reason?) = event { reasons.append(reason) }
        }
        guard case .succeeded(let success) = outcome, let artifact = success.artifacts.first else {
            throw DevloopError(.build, "\(outcome)")
        }
        let result = try await ProcessRunner.run(ProcessCommand([artifact.path]))
        return (result.outputText, reasons)
    }

    @Test(.timeLimit(.minutes(5)))
    func whatPluginsReadIsFollowed() async throws {
        let folder = try TemporaryDirectory("plugged")
        try Self.writePlugin(folder)
        let builder = SwiftBuilder(package: folder.path, environment: ProcessEnvironment.current)
        #expect(try await run(builder, changed: []).output == "t0 =w0\n")
        let words = folder("Sources/Texts/a.words")
        #expect(try await builder.products(affectedBy: [words]) == ["app"])
        #expect(try await builder.products(affectedBy: [folder("Sources/maker/main.swift")]) == ["app", "maker"])
        #expect(try await builder.products(affectedBy: [folder("Plugins/Words/Words.swift")]) == ["app"])

        // Right after one another, many within the second of the compilation before; told or not.
        for number in 1...5 {
            try folder.write("Sources/Texts/a.words", "w\(number)")
            let (output, reasons) = try await run(builder, changed: number % 2 == 0 ? [words] : [])
            #expect(output == "t0 =w\(number)\n")
            #expect(reasons == ["\(words) has changed, which no compiler of Swift reads"])
        }
        // A source beside what the plugin made.
        for number in 1...2 {
            try folder.write("Sources/Texts/Texts.swift", "public func text() -> String { \"t\(number) \" + made }\n")
            #expect(try await run(builder, changed: [folder("Sources/Texts/Texts.swift")]).output == "t\(number) =w5\n")
        }
        // The tool that it runs, and the plugin itself.
        try folder.write("Sources/maker/main.swift", Self.maker("+"))
        #expect(try await run(builder, changed: [folder("Sources/maker/main.swift")]).output == "t2 +w5\n")
        try folder.write("Plugins/Words/Words.swift", Self.plugin(suffix: "names"))
        let (output, reasons) = try await run(builder, changed: [folder("Plugins/Words/Words.swift")])
        #expect(output == "t2 +n0\n", "\(reasons)")
        // A new input, and one that is gone.
        unlink(folder("Sources/Texts/b.names"))
        try folder.write("Sources/Texts/c.names", "n1")
        #expect(try await run(builder, changed: [folder("Sources/Texts/c.names")]).output == "t2 +n1\n")
    }
}
