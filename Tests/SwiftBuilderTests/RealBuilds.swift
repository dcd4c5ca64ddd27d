// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ProcessRunner
import Testing

@testable import SwiftBuilder

/// Builds of small packages with the toolchain on `PATH`. One after another: two builds at once only wait for each other.
@Suite(.serialized) struct RealBuilds {
    /// A session with other variables, begun at once after the first build of files that were just written.
    @Test(.timeLimit(.minutes(3)))
    func anUntouchedTreeIsNotCompiledAgain() async throws {
        let demo = try DemoPackage()
        try await demo.build()
        let before = await demo.stamps()
        #expect(before.count == 8)
        try await demo.build()
        #expect(demo.compiled.isEmpty)
        let noise = ["EDITOR": "vi", "DEVLOOP_NOISE": "1", "OLDPWD": "/", "SWIFT_DETERMINISTIC_HASHING": "0"]
        let next = SwiftBuilder(
            package: demo.folder.path, environment: ProcessEnvironment.current.merging(noise) { $1 })
        try await demo.build(with: next)
        #expect(demo.compiled.isEmpty)
        #expect(await demo.stamps() == before)
        // What was saved between the sessions is.
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        let third = SwiftBuilder(package: demo.folder.path, environment: ProcessEnvironment.current)
        try await demo.build(with: third)
        #expect(try await demo.run("alpha") == "e1 s0 d0")
    }

    @Test(.timeLimit(.minutes(3)))
    func strippedCopiesRun() async throws {
        let demo = try DemoPackage()
        let artifact = try #require(try await demo.build().artifacts.first)
        let copy = try await demo.builder.strip(artifact)
        let stamp = try #require(FileStamp(copy.path))
        #expect(stamp.size < artifact.size)
        #expect(FileStamp(artifact.path)?.size == artifact.size, "the original stays")
        let result = try await ProcessRunner.run(ProcessCommand([copy.path]))
        #expect(result.outputText == "e0 s0 d0\n")
        let again = try await demo.builder.strip(artifact)
        #expect(again.path == copy.path)
        #expect(FileStamp(copy.path) == stamp, "it was not written again")
        // Another program of the same product is stripped anew.
        try demo.folder.write("Sources/alpha/Extra.swift", "func extra() -> String { \"e1\" }\n")
        let second = try #require(try await demo.build(changed: ["Sources/alpha/Extra.swift"]).artifacts.first)
        let newer = try await demo.builder.strip(second)
        #expect(try await ProcessRunner.run(ProcessCommand([newer.path])).outputText == "e1 s0 d0\n")
        #expect(newer.digest != copy.digest)
    }
}
