// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import ImagePack
import ProcessRunner
import SwiftBuilder
import Testing

/// Two clean builds of the same sources are the same program, whatever the compiler writes into it for itself.
@Suite(.timeLimit(.minutes(5)))
struct CleanBuildTests {
    private struct Built {
        var image: PackedImage
        var program: Layer
    }

    private static func build(_ text: String) async throws -> Built {
        let folder = try TemporaryDirectory("clean")
        try folder.write(
            "Package.swift",
            """
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(name: "tiny", targets: [.executableTarget(name: "tiny")])
            """)
        try folder.write(
            "Sources/tiny/main.swift", "struct Greeting { var name: String }\nprint(Greeting(name: \"\(text)\"))\n")
        let builder = SwiftBuilder(package: folder.path, environment: ProcessEnvironment.current)
        guard
            case .succeeded(let success) = try await builder.build(BuildRequest(products: ["tiny"]), onEvent: { _ in }),
            let artifact = success.artifacts.first
        else { throw DevloopError(.build, "the package does not build") }
        let copy = try await builder.strip(artifact)
        var contents = SwiftImagePacker.Contents(
            ref: "tiny", product: "tiny", executable: copy.path, arguments: [], environment: [:], resources: [],
            agent: nil)
        contents.original = artifact.path
        let packer = SwiftImagePacker(cache: LayerDigestCache(path: nil), architecture: ImageFixture.architecture)
        let image = try await packer.pack(contents)
        let program = try #require(image.layers.last)
        // The digest is that of the true bytes; the identity is not.
        #expect(try program.content.digest() == program.digest)
        #expect(program.identity != program.digest)
        return Built(image: image, program: program)
    }

    @Test func theTagIsThatOfTheProgram() async throws {
        let first = try await Self.build("hello")
        let second = try await Self.build("hello")
        let other = try await Self.build("hullo")
        // They do differ: in the folder's name, which goes into the build id.
        #expect(first.program.digest != second.program.digest)
        #expect(first.image.manifestDigest != second.image.manifestDigest)
        #expect(first.program.identity == second.program.identity)
        #expect(first.image.tag == second.image.tag)
        #expect(first.image.tag != other.image.tag)
    }
}
