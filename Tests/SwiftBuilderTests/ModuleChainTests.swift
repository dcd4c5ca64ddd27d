// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import ProcessRunner
import Synchronization
import Testing

@testable import SwiftBuilder

extension RealBuilds {
    /// `swift build` alone leaves such a program crashing, however much later the edit is made: the target between does
    /// not change its interface, so the compiler never runs for those behind it.
    @Test(.timeLimit(.minutes(3)))
    func aLayoutSeenThroughAnotherModuleIsBuiltAnew() async throws {
        let folder = try TemporaryDirectory("chain")
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(name: "chain", targets: [
                .target(name: "Inner"), .target(name: "Middle", dependencies: ["Inner"]),
                .target(name: "Outer", dependencies: ["Middle"]),
                .executableTarget(name: "program", dependencies: ["Outer"]),
            ])

            """)
        func write(_ fields: String) throws {
            try folder.write(
                "Sources/Inner/Inner.swift", "public struct Inner { \(fields) public var last = 7; public init() {} }\n"
            )
        }
        try write("")
        try folder.write(
            "Sources/Middle/Middle.swift",
            "import Inner\npublic struct Middle { public var inner = Inner(); public var own = 1; public init() {} }\n")
        try folder.write(
            "Sources/Outer/Outer.swift",
            "import Middle\npublic struct Outer { public var middle = Middle(); public var own = 2; public init() {} }\n"
        )
        try folder.write("Sources/Outer/Rest.swift", "public let rest = 0\n")
        try folder.write(
            "Sources/program/main.swift",
            "import Outer\nlet it = Outer()\nprint(it.own, it.middle.own, it.middle.inner.last, rest)\n")
        let builder = SwiftBuilder(package: folder.path, environment: ProcessEnvironment.current)
        let repeats = Atomic(0)
        func build() async throws -> String {
            let outcome = try await builder.build(
                BuildRequest(products: [], changedFiles: [folder("Sources/Inner/Inner.swift")])
            ) { event in
                if case .repeated = event { repeats.add(1, ordering: .relaxed) }
            }
            guard case .succeeded(let success) = outcome, let program = success.artifacts.first else { return "failed" }
            return try await ProcessRunner.run(ProcessCommand([program.path])).outputText
        }
        #expect(try await build() == "2 1 7 0\n")
        for number in 1...3 {
            try write((1...number).map { "public var f\($0) = \"\"; " }.joined())
            #expect(try await build() == "2 1 7 0\n")
        }
        // Looking again has an end.
        repeats.store(0, ordering: .relaxed)
        #expect(try await build() == "2 1 7 0\n")
        #expect(repeats.load(ordering: .relaxed) == 0)
    }
}
