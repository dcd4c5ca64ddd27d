// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack
import ProcessRunner
import Testing

/// Images and archives as bytes; the specification's rules are checked by hand.
@Suite(.timeLimit(.minutes(1)))
struct ImageArchiveTests {
    @Test func theSameContentHasTheSameTag() throws {
        let one = try ImageFixture().image(ref: "shop/web", base: "b", program: "p")
        let same = try ImageFixture().image(ref: "shop/web", base: "b", program: "p")
        let other = try ImageFixture().image(ref: "shop/web", base: "b", program: "q")
        #expect(one.reference == same.reference)
        #expect(one.manifest == same.manifest)
        #expect(one.reference != other.reference)
        #expect(one.reference.hasPrefix("shop/web:devloop-"))
        #expect(!one.reference.hasSuffix("latest"))
    }

    @Test func manifestAndConfigurationFollowTheSpecification() throws {
        let image = try ImageFixture().image(ref: "shop/web", base: "b", program: "p")
        let manifest = try JSONValue(parsing: image.manifest)
        #expect(manifest["schemaVersion"]?.int == 2)
        #expect(manifest["mediaType"]?.string == "application/vnd.oci.image.manifest.v1+json")
        #expect(manifest.at("config", "digest")?.string == SHA256.digest(of: image.configuration).oci)
        #expect(manifest.at("config", "size")?.int == image.configuration.count)
        let digests = (manifest["layers"]?.array ?? []).compactMap { $0["digest"]?.string }
        #expect(digests == image.layers.map(\.digest.oci))
        let configuration = try JSONValue(parsing: image.configuration)
        // Layers are not compressed, so that both digests of a layer are the same.
        #expect(configuration.at("rootfs", "diff_ids") == .array(digests.map { .string($0) }))
        #expect(configuration.at("config", "Entrypoint") == ["/app/program"])
        #expect(configuration.at("config", "Env") == ["A=1", "B=2"])
        #expect(configuration.at("config", "Cmd") == nil)
        #expect(configuration["created"] == nil)
        #expect(configuration["history"]?.array?.count == 2)
    }

    @Test func theFullArchiveIsALayoutWhoseBlobsHaveTheirDigestsAsNames() async throws {
        let image = try ImageFixture().image(ref: "shop/web", base: "b", program: "p")
        let folder = try TemporaryDirectory("archive")
        try await pipe(try ImageArchive.make(image), into: ["tar", "-xf", "-", "-C", folder.path])
        let wanted = image.layers.map(\.digest) + [image.manifestDigest, image.configurationDigest]
        let listing = try await ProcessRunner.run(ProcessCommand(["ls", folder("blobs/sha256")])).outputText
        #expect(Set(listing.split(separator: "\n").map(String.init)) == Set(wanted.map(\.hex)))
        for digest in wanted { #expect(try SHA256.digest(ofFile: folder("blobs/sha256/\(digest.hex)")) == digest) }
        #expect(try TestFiles.read(folder("oci-layout")) == #"{"imageLayoutVersion":"1.0.0"}"#)
        let index = try JSONValue(parsing: Array(try TestFiles.read(folder("index.json")).utf8))
        let entry = index["manifests"]?[0]
        #expect(entry?["digest"]?.string == image.manifestDigest.oci)
        #expect(
            entry?["annotations"]?["io.containerd.image.name"]?.string == "docker.io/shop/web:\(image.tag)")
        let docker = try JSONValue(parsing: Array(try TestFiles.read(folder("manifest.json")).utf8))
        #expect(docker[0]?["RepoTags"] == [.string(image.reference)])
        for layer in docker[0]?["Layers"]?.array ?? [] { #expect(TestFiles.exists(folder(layer.string ?? "?"))) }
    }

    @Test func aDeltaArchiveLeavesOutWhatIsKnown() async throws {
        let image = try ImageFixture().image(ref: "shop/web", base: "b", program: "p")
        let archive = try ImageArchive.make(image, without: [image.layers[0].digest])
        let names = try await pipe(archive, into: ["tar", "-tf", "-"])
        #expect(!names.contains(image.layers[0].digest.hex))
        #expect(names.contains(image.layers[1].digest.hex))
        #expect(names.contains(image.manifestDigest.hex))
        // Docker would take a delta for the whole image.
        #expect(!names.contains("manifest.json"))
    }

    @Test func twoEqualLayersAreWrittenOnce() async throws {
        let fixture = try ImageFixture()
        let layer = try Layer(
            name: "x", files: [LayerFile(path: "x", content: .bytes([1]), mode: 0o644)], cache: fixture.cache)
        let image = PackedImage(
            ref: "a", layers: [layer, layer],
            configuration: ImageConfiguration(
                entrypoint: ["/x"], arguments: ["-v"], environment: [:], directory: "/", architecture: "amd64"))
        let names = try await pipe(try ImageArchive.make(image), into: ["tar", "-tf", "-"])
        #expect(names.split(separator: "\n").filter { $0.contains(layer.digest.hex) }.count == 1)
        #expect(try JSONValue(parsing: image.configuration).at("config", "Cmd") == ["-v"])
    }

    /// Names as the runtime stores them.
    static let names: [(String, String)] = [
        ("redis", "docker.io/library/redis"), ("redis:7", "docker.io/library/redis:7"),
        ("shop/web:1", "docker.io/shop/web:1"), ("ghcr.io/shop/web:1", "ghcr.io/shop/web:1"),
        ("localhost/web", "localhost/web"), ("127.0.0.1:5000/web:1", "127.0.0.1:5000/web:1"),
        ("registry:5000/web", "registry:5000/web"),
    ]

    @Test(arguments: names) func namesGetTheirRegistry(_ name: String, _ canonical: String) {
        #expect(ImageReference.canonical(name) == canonical)
    }

    @Test func aProgramIsPackedWithItsLibraries() async throws {
        let folder = try TemporaryDirectory("pack")
        try folder.write("Public/index.html", "<p>")
        let packer = SwiftImagePacker(cache: LayerDigestCache(path: nil), architecture: ImageFixture.architecture)
        var contents = SwiftImagePacker.Contents(
            ref: "shop/ls", product: "ls", executable: "/bin/ls", arguments: ["-l"], environment: ["PORT": "1"],
            resources: [(folder("Public"), "/app/Public")], agent: nil)
        let plain = try await packer.pack(contents)
        #expect(plain.layers.map(\.name) == ["runtime", "resources", "executable"])
        let listing = try await pipe(plain.layers[0].content, into: ["tar", "-tf", "-"]).split(separator: "\n")
        #expect(listing.contains { $0.hasPrefix("app/lib/libc.so") })
        #expect(listing.contains("tmp/"))
        #expect(listing.contains { $0.contains("ld-linux") })
        #expect(try await pipe(plain.layers[1].content, into: ["tar", "-tf", "-"]).contains("app/Public/index.html"))
        contents.agent = BuiltProducts.path("devloop-agent")
        let live = try await packer.pack(contents)
        #expect(live.layers.map(\.name) == ["runtime", "agent", "resources", "executable"])
        #expect(live.layers[0].digest == plain.layers[0].digest)
        let configuration = try JSONValue(parsing: live.configuration)
        #expect(configuration.at("config", "Entrypoint") == ["/app/ls"])
        #expect(configuration.at("config", "Cmd") == ["-l"])
        #expect(configuration.at("config", "Env")?.array?.contains("PORT=1") == true)
        #expect(configuration.at("config", "Env")?.array?.contains("LD_LIBRARY_PATH=/app/lib") == true)
    }
}
