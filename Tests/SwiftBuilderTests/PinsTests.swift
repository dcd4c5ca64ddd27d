// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

@testable import SwiftBuilder

extension RealBuilds {
    /// The first build of a clone writes `Package.resolved`; counted as a save, it would build all of it twice.
    @Test(.timeLimit(.minutes(3)))
    func pinsThatTheFirstBuildWritesAreNoSave() async throws {
        let kit = try TemporaryDirectory("kit")
        try kit.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "kit", products: [.library(name: "Kit", targets: ["Kit"])], targets: [.target(name: "Kit")])

            """)
        try kit.write("Sources/Kit/Kit.swift", "public let kit = \"k0\"\n")
        let author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        for words in [["init", "-q"], ["add", "-A"], author + ["commit", "-q", "-m", "start"], ["tag", "1.0.0"]] {
            let result = try await ProcessRunner.run(ProcessCommand(["git", "-C", kit.path] + words))
            try #require(result.status.isSuccess, "\(result.errorText)")
        }
        let demo = try DemoPackage()
        try demo.folder.write(
            "Package.swift",
            DemoPackage.manifest.replacing(
                "name: \"demo\",",
                with: "name: \"demo\", dependencies: [.package(url: \"\(kit.path)\", from: \"1.0.0\")],"
            ).replacing(
                "dependencies: [\"Shared\"]),",
                with:
                    "dependencies: [\"Shared\", .product(name: \"Kit\", package: \"\(kit.path.split(separator: "/").last ?? "")\")]),"
            ))
        try demo.folder.write("Sources/alpha/Extra.swift", "import Kit\nfunc extra() -> String { kit }\n")
        let pins = demo.folder("Package.resolved")
        TestFiles.remove(pins)

        try await demo.build()
        #expect(try await demo.run("alpha") == "k0 s0 d0")
        #expect(TestFiles.exists(pins))
        #expect(try await demo.builder.products(affectedBy: [pins]).isEmpty)
        // Another one, as after a checkout, is a save.
        try TestFiles.write(pins, try TestFiles.read(pins) + "\n")
        #expect(try await demo.builder.products(affectedBy: [pins]) == ["alpha", "beta-tool"])
    }
}
