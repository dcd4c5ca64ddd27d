// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import ProcessRunner
import Testing

@testable import SwiftBuilder

/// Programs that are linked in parts, and one that cannot be.
extension RealBuilds {
    /// `@main`, C, C++, a resource bundle and a library of another package by path.
    private static func writeMixed(_ folder: TemporaryDirectory) throws {
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "mixed", dependencies: [.package(path: "near")],
                targets: [
                    .target(name: "Plain"), .target(name: "Plus"),
                    .target(name: "Pages", resources: [.copy("page.txt")]),
                    .executableTarget(
                        name: "mixed",
                        dependencies: ["Plain", "Plus", "Pages", .product(name: "Near", package: "near")]),
                ])

            """)
        try folder.write("Sources/Plain/include/plain.h", "int plain(void);\n")
        try folder.write("Sources/Plain/plain.c", "#include \"plain.h\"\nint plain(void) { return 1; }\n")
        try folder.write("Sources/Plus/include/plus.h", "#ifdef __cplusplus\nextern \"C\"\n#endif\nint plus(void);\n")
        try folder.write(
            "Sources/Plus/plus.cpp",
            "#include \"plus.h\"\n#include <string>\nint plus(void) { return std::string(\"two\").size(); }\n")
        try folder.write(
            "Sources/Pages/Pages.swift",
            """
            import Foundation
            public func page() -> String {
                guard let url = Bundle.module.url(forResource: "page", withExtension: "txt") else { return "none" }
                return (try? String(contentsOf: url, encoding: .utf8)) ?? "unread"
            }

            """)
        try folder.write("Sources/Pages/page.txt", "page 0")
        try folder.write(
            "near/Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "near", products: [.library(name: "Near", targets: ["Near"])], targets: [.target(name: "Near")])

            """)
        try folder.write("near/Sources/Near/Near.swift", "public func near() -> String { \"n0\" }\n")
        try folder.write(
            "Sources/mixed/Mixed.swift",
            """
            import Near
            import Pages
            import Plain
            import Plus
            @main struct Mixed {
                static func main() {
                    if CommandLine.arguments.count > 1 { crash([1], CommandLine.arguments.count + 1) }
                    print(plain(), plus(), near(), page())
                }
            }
            @inline(never) func crash(_ numbers: [Int], _ index: Int) {
                print(numbers[index])
            }

            """)
    }

    private func build(_ builder: SwiftBuilder, changed: [String] = []) async throws -> (BuildArtifact, [BuildEvent]) {
        let (stream, told) = AsyncStream.makeStream(of: BuildEvent.self)
        let outcome = try await builder.build(BuildRequest(products: ["mixed"], changedFiles: changed)) {
            told.yield($0)
        }
        told.finish()
        var events: [BuildEvent] = []
        for await event in stream { events.append(event) }
        guard case .succeeded(let success) = outcome, let artifact = success.artifacts.first else {
            throw DevloopError(.build, "\(outcome)")
        }
        return (artifact, events)
    }

    @Test(.timeLimit(.minutes(5)))
    func mixedProgramsAreLinkedInPartsAndTheirCrashesAreNamed() async throws {
        let folder = try TemporaryDirectory("mixed")
        try Self.writeMixed(folder)
        let builder = SwiftBuilder(package: folder.path, environment: ProcessEnvironment.current)
        let (artifact, _) = try await build(builder)
        #expect(artifact.libraries.map(\.name) == ["libdevshared.so"], "nothing here is of others")
        #expect(artifact.bundles.map(DriverPlan.fileName) == ["mixed_Pages.resources"])
        // What goes to a Pod, in a folder of its own, far from where it was built.
        let shipped = try await builder.strip(artifact)
        let pod = try TemporaryDirectory("pod")
        try TestFiles.makeDirectory(pod("lib"))
        for (source, name) in [(shipped.path, "mixed")] + shipped.libraries.map({ ($0.path, "lib/\($0.name)") }) {
            #expect(try await ProcessRunner.run(ProcessCommand(["cp", source, pod(name)])).status.isSuccess)
        }
        try pod.write("mixed_Pages.resources/page.txt", "page of the pod")
        let result = try await ProcessRunner.run(ProcessCommand([pod("mixed")]))
        #expect(result.outputText == "1 3 n0 page of the pod\n")

        // A library of the neighbour is edited: only the shared part is another one.
        try folder.write("near/Sources/Near/Near.swift", "public func near() -> String { \"n1\" }\n")
        let (second, events) = try await build(builder, changed: [folder("near/Sources/Near/Near.swift")])
        #expect(events.contains { if case .started("swiftc -incremental of Near", _) = $0 { true } else { false } })
        let again = try await builder.strip(second)
        #expect(again.digest == shipped.digest)
        #expect(again.libraries.map(\.digest) != shipped.libraries.map(\.digest))
        #expect(try await ProcessRunner.run(ProcessCommand([again.path])).outputText.hasPrefix("1 3 n1 "))

        // The copy has no symbols; the report gets them from the original.
        let backtracer = try #require(await builder.backtracer())
        let settings =
            "enable=yes,symbolicate=off,interactive=no,color=no,threads=crashed,registers=none,images=mentioned,"
            + "swift-backtrace=\(backtracer)"
        let crash = try await ProcessRunner.run(
            ProcessCommand([again.path, "x"], environment: .inherit(adding: ["SWIFT_BACKTRACE": settings])))
        #expect(!crash.status.isSuccess)
        var reader = CrashReader()
        let text = crash.outputText + crash.errorText
        let report = try #require(text.split(separator: "\n").compactMap { reader.read(String($0)) }.first)
        let symbolizer = Symbolizer(environment: ProcessEnvironment.current)
        #expect(await symbolizer.lines(for: report).isEmpty, "nobody knows this program")
        symbolizer.add(second)
        let lines = await symbolizer.lines(for: report)
        #expect(lines.contains { $0.contains("crash") && $0.contains("/Sources/mixed/Mixed.swift:12:") }, "\(lines)")
        #expect(lines.contains { $0.contains("Mixed.swift:7:") }, "\(lines)")
    }

    /// A C symbol that does not leave its library: the parts do not fit, the whole does.
    @Test(.timeLimit(.minutes(4)))
    func whatCannotBeSplitIsLinkedAsAWhole() async throws {
        let folder = try TemporaryDirectory("whole")
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "mixed",
                targets: [.target(name: "Hidden"), .executableTarget(name: "mixed", dependencies: ["Hidden"])])

            """)
        try folder.write(
            "Sources/Hidden/include/hidden.h", "__attribute__((visibility(\"hidden\"))) int hidden(void);\n")
        try folder.write("Sources/Hidden/hidden.c", "#include \"hidden.h\"\nint hidden(void) { return 7; }\n")
        try folder.write("Sources/mixed/main.swift", "import Hidden\nprint(hidden(), 0)\n")
        let builder = SwiftBuilder(package: folder.path, environment: ProcessEnvironment.current)
        let (artifact, events) = try await build(builder)
        let notes = events.compactMap { if case .diagnosed(let found) = $0 { found.message } else { nil } }
        #expect(notes.count == 1)
        #expect(notes.first?.hasPrefix("mixed is linked as a whole, which takes longer: ") == true, "\(notes)")
        #expect(notes.first?.contains("hidden") == true, "\(notes)")
        #expect(artifact.libraries.isEmpty)
        #expect(try await ProcessRunner.run(ProcessCommand([artifact.path])).outputText == "7 0\n")
        // The driver links the whole too, and says nothing twice.
        try folder.write("Sources/mixed/main.swift", "import Hidden\nprint(hidden(), 1)\n")
        let (second, more) = try await build(builder, changed: [folder("Sources/mixed/main.swift")])
        #expect(!more.contains { if case .diagnosed = $0 { true } else { false } })
        #expect(try await ProcessRunner.run(ProcessCommand([second.path])).outputText == "7 1\n")
    }

    @Test(.timeLimit(.minutes(4)))
    func releaseProgramsAreWhole() async throws {
        let demo = try DemoPackage()
        let builder = SwiftBuilder(
            package: demo.folder.path, environment: ProcessEnvironment.current, configuration: .release)
        let first = try await demo.build(with: builder)
        #expect(first.artifacts.allSatisfy { $0.libraries.isEmpty && $0.path.hasSuffix("/release/\($0.product)") })
        let path = try await builder.strip(try #require(first.artifacts.first)).path
        #expect(try await ProcessRunner.run(ProcessCommand([path])).outputText == "e0 s0 d0\n")
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        let second = try await demo.build(changed: ["Sources/alpha/Extra.swift"], with: builder)
        let again = try await builder.strip(try #require(second.artifacts.first)).path
        #expect(try await ProcessRunner.run(ProcessCommand([again])).outputText == "e1 s0 d0\n")
    }

    @Test(
        arguments: [
            ("No Swift SDKs are currently installed.\n", "aarch64", nil),
            ("swift-6.3.1-RELEASE_static-linux-0.1.0\n", "aarch64", "aarch64-swift-linux-musl"),
            ("other\nubuntu22.04-aarch64\n", "aarch64", "ubuntu22.04-aarch64"),
            ("debian-arm64\n", "aarch64", "debian-arm64"),
            ("debian-arm64\n", "x86_64", nil),
        ] as [(String, String, String?)])
    func choosesASwiftSDK(_ list: String, _ wanted: String, _ want: String?) {
        #expect(CrossTarget.choose(list, wanted) == want)
    }

    @Test func aNodeOfAnotherArchitectureNeedsAnSDK() async throws {
        let demo = try DemoPackage()
        let request = BuildRequest(products: ["alpha"], architecture: "s390x")
        let error = await #expect(throws: DevloopError.self) { try await demo.builder.build(request) { _ in } }
        #expect(error?.message.contains("no Swift SDK for s390x is installed") == true)
        #expect(error?.hint?.contains("swift sdk install") == true)
    }
}
