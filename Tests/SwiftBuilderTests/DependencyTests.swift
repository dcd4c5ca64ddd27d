// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

@testable import SwiftBuilder

/// Packages of others that are hard to link or to follow: NIOSSL with BoringSSL in C, and a macro with swift-syntax. They
/// are compiled once and kept.
extension RealBuilds {
    private static func writeDependent(_ folder: KeptFolder, times: String) throws {
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import CompilerPluginSupport
            import PackageDescription
            let package = Package(
                name: "dependent",
                dependencies: [
                    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
                    .package(url: "https://github.com/swiftlang/swift-syntax", exact: "603.0.1"),
                ],
                targets: [
                    .macro(
                        name: "TimesMacros",
                        dependencies: [
                            .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
                            .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
                        ]),
                    .target(name: "Times", dependencies: ["TimesMacros"]),
                    .target(name: "Greeting"),
                    .executableTarget(
                        name: "secure", dependencies: ["Greeting", .product(name: "NIOSSL", package: "swift-nio-ssl")]),
                    .executableTarget(name: "counted", dependencies: ["Greeting", "Times"]),
                ])

            """)
        try folder.write("Sources/TimesMacros/Times.swift", macro(times))
        try folder.write(
            "Sources/Times/Times.swift",
            """
            @freestanding(expression)
            public macro times(_ value: Int) -> Int = #externalMacro(module: "TimesMacros", type: "Times")

            """)
        try folder.write("Sources/Greeting/Greeting.swift", greeting(0))
        try folder.write("Sources/secure/main.swift", secure(0))
        try folder.write("Sources/counted/main.swift", "import Greeting\nimport Times\nprint(greeting(), #times(7))\n")
    }

    private static func macro(_ times: String) -> String {
        """
        import SwiftCompilerPlugin
        import SwiftSyntax
        import SwiftSyntaxMacros

        struct Times: ExpressionMacro {
            static func expansion(
                of node: some FreestandingMacroExpansionSyntax, in context: some MacroExpansionContext
            ) throws -> ExprSyntax {
                guard let value = node.arguments.first?.expression else { return "0" }
                return "(\\(value)) * \(times)"
            }
        }

        @main struct TimesPlugin: CompilerPlugin {
            let providingMacros: [any Macro.Type] = [Times.self]
        }

        """
    }

    private static func greeting(_ number: Int) -> String { "public func greeting() -> String { \"g\(number)\" }\n" }

    private static func secure(_ number: Int) -> String {
        """
        import Greeting
        import NIOSSL
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        _ = try NIOSSLClientHandler(context: context, serverHostname: "example.org")
        print("s\(number)", greeting())

        """
    }

    /// The first time it compiles for minutes, so it is asked for, or has been compiled before.
    private static var isWanted: Bool {
        ProcessEnvironment.value("DEVLOOP_SLOW_TESTS") == "1" || KeptFolder.isThere("tests/dependent")
    }

    @Test(
        .timeLimit(.minutes(40)),
        .enabled(if: isWanted, "compiles NIOSSL and swift-syntax: scripts/test --slow asks for it"))
    func packagesOfOthersAreSplitOffAndMacrosAreFollowed() async throws {
        let folder = try await KeptFolder.open("tests/dependent")
        try Self.writeDependent(folder, times: "2")
        let builder = SwiftBuilder(package: folder.path, environment: ProcessEnvironment.current)
        func build(_ changed: String...) async throws -> (outputs: [String], commands: [String]) {
            let (stream, told) = AsyncStream.makeStream(of: BuildEvent.self)
            let request = BuildRequest(products: ["secure", "counted"], changedFiles: changed.map { folder($0) })
            let outcome = try await builder.build(request) { told.yield($0) }
            told.finish()
            var commands: [String] = []
            for await event in stream {
                switch event {
                case .started(let command, _): commands.append(command)
                case .diagnosed(let found): Issue.record("\(found)")
                default: break
                }
            }
            guard case .succeeded(let success) = outcome else { throw DevloopError(.build, "\(outcome)") }
            var outputs: [String] = []
            for artifact in success.artifacts {
                #expect(artifact.libraries.map(\.name) == ["libdevdeps.so", "libdevshared.so"])
                // As they are shipped.
                let shipped = try await builder.strip(artifact)
                let result = try await ProcessRunner.run(ProcessCommand([shipped.path]))
                #expect(result.status.isSuccess, "\(result.errorText)")
                outputs.append(result.outputText.split(separator: "\n").joined())
            }
            return (outputs, commands)
        }
        #expect(try await build().outputs == ["s0 g0", "g0 14"])

        // What the driver may do beside such packages.
        try folder.write("Sources/secure/main.swift", Self.secure(1))
        var (outputs, commands) = try await build("Sources/secure/main.swift")
        #expect(outputs == ["s1 g0", "g0 14"])
        #expect(commands == ["swiftc -incremental of secure"])
        try folder.write("Sources/Greeting/Greeting.swift", Self.greeting(1))
        (outputs, commands) = try await build("Sources/Greeting/Greeting.swift")
        #expect(outputs == ["s1 g1", "g1 14"])
        #expect(commands == ["swiftc -incremental of Greeting"])
        // Code that a macro expands.
        try folder.write(
            "Sources/counted/main.swift", "import Greeting\nimport Times\nprint(greeting(), #times(8))\n")
        (outputs, commands) = try await build("Sources/counted/main.swift")
        #expect(outputs == ["s1 g1", "g1 16"])
        #expect(commands == ["swiftc -incremental of counted"])
        // The macro itself: what uses it is expanded anew, though none of its sources has changed.
        for times in ["3", "4"] {
            try folder.write("Sources/TimesMacros/Times.swift", Self.macro(times))
            (outputs, commands) = try await build("Sources/TimesMacros/Times.swift")
            #expect(outputs == ["s1 g1", "g1 \(8 * (Int(times) ?? 0))"])
            #expect(commands.first?.hasPrefix("swift build") == true)
        }
        #expect(
            try await builder.products(affectedBy: [folder("Sources/TimesMacros/Times.swift")]).contains("counted"))
    }
}
