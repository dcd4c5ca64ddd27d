// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack
import ProcessRunner
import Testing

/// Archives in the forms that other programs write.
@Suite(.timeLimit(.minutes(1)))
struct ImageArchiveReaderTests {
    typealias Blob = ArchiveFixture.Blob

    @Test func theFormOfDockerSave() throws {
        let fixture = try ArchiveFixture()
        let layers = [try ArchiveFixture.layer("one"), try ArchiveFixture.layer("two")]
        let configuration = ArchiveFixture.configuration(layers)
        let manifest: JSONValue = [
            [
                "Config": .string("\(configuration.digest.hex).json"), "RepoTags": ["shop/web:1", "shop/web:2"],
                "Layers": ["a/layer.tar", "b/layer.tar"],
            ]
        ]
        // Engines write equal layers once, and a link in the other places.
        let path = try fixture.tar(
            "save.tar",
            [
                ("\(configuration.digest.hex).json", configuration.bytes), ("first.tar", layers[0].bytes),
                ("b/layer.tar", layers[1].bytes), ("manifest.json", manifest.jsonBytes),
            ], links: [("a/layer.tar", "../first.tar")])
        let image = try ImageArchiveReader.read(path)
        #expect(image.configuration == configuration.bytes)
        #expect(image.layers.map(\.digest) == layers.map(\.digest))
        #expect(image.layers.map(\.mediaType) == [MediaType.layer, MediaType.layer])
        #expect(try image.layers.map { try $0.content.bytes() } == layers.map(\.bytes))
        #expect(image.names == ["shop/web:1", "shop/web:2"])
        #expect(image.platform == ImagePlatform("linux/amd64"))

        let packed = PackedImage(ref: "shop/web", archived: image)
        #expect(packed.configuration == configuration.bytes)
        #expect(packed.configurationDigest == configuration.digest)
        #expect(packed.tag == PackedImage(ref: "other", archived: image).tag)
        // What we write, we read: the same image.
        let again = try fixture.write("again.tar", try ImageArchive.make(packed).bytes())
        let second = try ImageArchiveReader.read(again)
        #expect(second.configuration == configuration.bytes)
        #expect(second.layers.map(\.digest) == image.layers.map(\.digest))
        #expect(second.names.contains("docker.io/\(packed.reference)"))
        #expect(PackedImage(ref: "shop/web", archived: second).reference == packed.reference)
    }

    @Test func thePlatformIsChosenFromAnIndexWithinTheIndex() throws {
        let fixture = try ArchiveFixture()
        let layer = try ArchiveFixture.layer("x")
        let configurations = ["amd64", "arm64"].map { ArchiveFixture.configuration([layer], architecture: $0) }
        let manifests = configurations.map { ArchiveFixture.manifest($0, [layer]) }
        var entries = zip(manifests, ["amd64", "arm64"]).map { manifest, architecture in
            var entry = manifest.descriptor(MediaType.manifest)
            entry["platform"] = ["os": "linux", "architecture": .string(architecture)]
            return entry
        }
        // An attestation beside them, which is no image and whose blob need not be there.
        var attestation = Blob([1]).descriptor(MediaType.manifest)
        attestation["platform"] = ["os": "unknown", "architecture": "unknown"]
        entries.append(attestation)
        let inner = Blob(["schemaVersion": 2, "mediaType": .string(MediaType.index), "manifests": .array(entries)])
        let index: JSONValue = ["schemaVersion": 2, "manifests": [inner.descriptor(MediaType.index)]]
        let path = try fixture.oci("many.tar", index: index, blobs: [inner, layer] + configurations + manifests)

        for (architecture, configuration) in zip(["amd64", "arm64"], configurations) {
            let image = try ImageArchiveReader.read(path, .init(platform: ImagePlatform(architecture)))
            #expect(image.configuration == configuration.bytes)
        }
        let several = #expect(throws: DevloopError.self) { try ImageArchiveReader.read(path) }
        #expect(several?.message.contains("several images") == true)
        let none = #expect(throws: DevloopError.self) {
            try ImageArchiveReader.read(path, .init(platform: ImagePlatform("linux/s390x")))
        }
        #expect(none?.message.contains("s390x") == true)
    }

    @Test func compressedLayersAreCarriedAsTheyAre() async throws {
        let fixture = try ArchiveFixture()
        let layer = try ArchiveFixture.layer("x")
        let plain = try fixture.write("layer.tar", layer.bytes)
        _ = try await ProcessRunner.run(ProcessCommand(["gzip", "-nk", plain]))
        let gzip = Blob(try SmallFile.read("\(plain).gz"))
        let configuration = ArchiveFixture.configuration([layer])
        for type in ["\(MediaType.layer)+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip"] {
            let manifest = ArchiveFixture.manifest(configuration, [gzip], type: type)
            let index: JSONValue = ["schemaVersion": 2, "manifests": [manifest.descriptor(MediaType.manifest)]]
            let path = try fixture.oci("gzip.tar", index: index, blobs: [configuration, gzip, manifest])
            let image = try ImageArchiveReader.read(path)
            #expect(image.layers[0].digest == gzip.digest)
            #expect(image.layers[0].diffID == layer.digest)
            #expect(image.layers[0].mediaType == "\(MediaType.layer)+gzip")
            #expect(try image.layers[0].content.bytes() == gzip.bytes)
        }
    }

    @Test func aDirectoryIsReadLikeAnArchive() async throws {
        let fixture = try ArchiveFixture()
        let image = try ImageFixture().image(ref: "shop/web", base: "b", program: "p")
        let layout = fixture.folder("layout")
        try TestFiles.makeDirectory(layout)
        try await pipe(try ImageArchive.make(image), into: ["tar", "-xf", "-", "-C", layout])
        let read = try ImageArchiveReader.read(layout, .init(reference: image.reference))
        #expect(read.configuration == image.configuration)
        #expect(read.layers.map(\.digest) == image.layers.map(\.digest))
    }

    /// Debian's buildah, in the two forms that it writes.
    @Test func whatBuildahWritesIsRead() async throws {
        let tool = try BuildahTool()
        try tool.folder.write("context/Dockerfile", "FROM scratch\nCOPY a /a\nCOPY b /b\nCMD [\"/a\"]\n")
        try tool.folder.write("context/a", "one")
        try tool.folder.write("context/b", "two")
        let name = unique("devloop.test/read")
        try await tool.run("build", "--isolation", "chroot", "--layers", "-t", name, tool.folder("context"))
        var images: [ArchivedImage] = []
        for form in ["docker-archive", "oci-archive"] {
            let path = tool.folder("\(form).tar")
            try await tool.run("push", name, "\(form):\(path):\(name):1")
            let image = try ImageArchiveReader.read(path)
            #expect(image.layers.count == 2)
            #expect(try JSONValue(parsing: image.configuration).at("config", "Cmd") == ["/a"])
            #expect(image.names.contains { $0.contains(name) } == true)
            images.append(image)
        }
        #expect(images[0].layers.map(\.diffID) == images[1].layers.map(\.diffID))
        #expect(images[0].layers.allSatisfy { $0.mediaType == MediaType.layer })
    }

    @Test func whatTarWritesIsRead() async throws {
        // Names longer than a header's fields, as GNU tar and pax write them.
        let folder = try TemporaryDirectory("tar")
        let long = String(repeating: "long/", count: 60) + "name"
        try folder.write("in/\(long)", "content")
        for format in ["gnu", "pax", "ustar"] {
            let wanted = format == "ustar" ? "short" : long
            if format == "ustar" { try folder.write("in/short", "content") }
            let path = folder("\(format).tar")
            let result = try await ProcessRunner.run(
                ProcessCommand(["tar", "--format", format, "-cf", path, "-C", folder("in"), wanted]))
            #expect(result.status.isSuccess, "\(result.errorText)")
            let source = try #require(try TarIndex(path).source(wanted), "\(format)")
            #expect(try source.bytes() == Array("content".utf8))
        }
    }
}

/// Debian's buildah with storage of its own.
struct BuildahTool {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("buildah") }

    @discardableResult
    func run(_ words: String...) async throws -> String {
        let arguments =
            ["buildah", "--storage-driver", "vfs", "--root", folder("root"), "--runroot", folder("run")] + words
        let result = try await ProcessRunner.run(ProcessCommand(arguments))
        guard result.status.isSuccess else { throw DevloopError(.process, "buildah: \(result.errorText)") }
        return result.outputText
    }
}
