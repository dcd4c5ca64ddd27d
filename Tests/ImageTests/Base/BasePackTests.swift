// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ProcessRunner
import Testing

@testable import ImagePack

/// Programs packed onto bases, as bytes.
@Suite(.timeLimit(.minutes(5)))
struct BasePackTests {
    static let packer = SwiftImagePacker(cache: LayerDigestCache(path: nil), architecture: ImageFixture.architecture)

    static func contents(base: BaseImage? = nil) -> SwiftImagePacker.Contents {
        var contents = SwiftImagePacker.Contents(
            ref: "shop/ls", product: "ls", executable: "/bin/ls", arguments: [], environment: ["OURS": "2"],
            resources: [], agent: nil)
        contents.base = base
        return contents
    }

    static func names(_ image: PackedImage, _ layer: String) async throws -> [String] {
        let found = try #require(image.layers.last { $0.name == layer })
        return try await pipe(found.content, into: ["tar", "-tf", "-"]).split(separator: "\n").map(String.init)
    }

    @Test func whatTheBaseSaysStaysUnlessWeSayOtherwise() async throws {
        let base = try TestBase.make(config: [
            "Env": ["PATH=/opt/bin:/bin", "THEIRS=1", "OURS=1"], "User": "app", "WorkingDir": "/srv", "Cmd": ["sh"],
            "Entrypoint": ["/init"], "Labels": ["vendor": "them"], "ExposedPorts": ["80/tcp": [:]],
            "StopSignal": "SIGINT",
        ])
        var contents = Self.contents(base: base)
        var image = try await Self.packer.pack(contents)
        var config = try #require(try JSONValue(parsing: image.configuration)["config"])
        #expect(config["Env"] == ["LD_LIBRARY_PATH=/app/lib", "OURS=2", "PATH=/app:/opt/bin:/bin", "THEIRS=1"])
        #expect(config["User"] == "app" && config["WorkingDir"] == "/srv" && config["StopSignal"] == "SIGINT")
        #expect(config["Entrypoint"] == ["/app/ls"] && config["Cmd"] == nil)
        #expect(config["Labels"] == ["vendor": "them"] && config["ExposedPorts"] == ["80/tcp": [:]])
        #expect(image.layers.first?.digest == base.layers[0].digest)

        (contents.user, contents.directory, contents.ports) = ("1000:1000", "/data", ["8080/tcp"])
        contents.labels = ["a": "b"]
        contents.arguments = ["-l"]
        image = try await Self.packer.pack(contents)
        config = try #require(try JSONValue(parsing: image.configuration)["config"])
        #expect(config["User"] == "1000:1000" && config["WorkingDir"] == "/data" && config["Cmd"] == ["-l"])
        #expect(config["Labels"] == ["vendor": "them", "a": "b"])
        #expect(config["ExposedPorts"] == ["80/tcp": [:], "8080/tcp": [:]])
        let diffIDs = try JSONValue(parsing: image.configuration).at("rootfs", "diff_ids")?.array
        #expect(diffIDs?.compactMap(\.string) == image.layers.map(\.diffID.oci))
    }

    @Test func aBaseWithGlibcKeepsItsOwnAndItsDirectories() async throws {
        let base = try TestBase.make(glibc: true)
        var contents = Self.contents(base: base)
        contents.resources = [("/etc/hostname", "/lib/shop/name")]
        let image = try await Self.packer.pack(contents)
        let runtime = try await Self.names(image, "runtime")
        #expect(!runtime.contains { $0.contains("libc.so") || $0.contains("ld-linux") || $0 == "tmp/" })
        #expect(runtime.contains { $0.hasPrefix("app/lib/libselinux.so") })
        // An entry for lib/ would take the place of the base's link.
        #expect(try await Self.names(image, "resources") == ["lib/shop/name"])
        #expect(try await Self.names(image, "executable") == ["app/", "app/ls"])
    }

    @Test func aBaseWithoutGlibcGetsEverything() async throws {
        let image = try await Self.packer.pack(Self.contents(base: try TestBase.make()))
        let runtime = try await Self.names(image, "runtime")
        #expect(runtime.contains("app/lib/libc.so.6"))
        #expect(runtime.contains { $0.contains("ld-linux") })
        #expect(!runtime.contains("lib64/"))
    }

    @Test func aBaseOfAnotherMachineIsRefused() async throws {
        let error = await #expect(throws: DevloopError.self) {
            try await Self.packer.pack(Self.contents(base: try TestBase.make(architecture: "s390x")))
        }
        #expect(error?.message.contains("is for s390x, the node is") == true)
    }

    @Test func compressedLayersAreReadAndRemembered() async throws {
        let folder = try TemporaryDirectory("libraries")
        let plain = try TestBase.make(glibc: true)
        let file = folder("layer.gz")
        try await pipe(plain.layers[0].content, into: ["sh", "-c", "gzip -1 > \(file)"])
        var content = ByteSource()
        content.append(file: file, size: try SmallFile.read(file).count)
        var base = plain
        base.layers[0] = Layer(
            name: "base", digest: try content.digest(), mediaType: MediaType.gzipLayer, diffID: plain.layers[0].diffID,
            content: content)
        let found = try BaseLibraryCache(folder: folder.path).libraries(of: base)
        #expect(found == (try BaseLibraryCache(folder: nil).libraries(of: plain)))
        #expect(found.versions(of: "libc.so.6")?.contains("GLIBC_2.34") == true)
        // A later session needs no layer.
        TestFiles.remove(file)
        #expect(try BaseLibraryCache(folder: folder.path).libraries(of: base) == found)
        let error = #expect(throws: DevloopError.self) { try BaseLibraryCache(folder: nil).libraries(of: base) }
        #expect(error?.message.contains("a layer of the base test-base") == true)
        // Cut off in the middle.
        try await pipe(plain.layers[0].content, into: ["sh", "-c", "gzip -1 | head -c 300000 > \(file)"])
        base.layers[0].content = ByteSource(try SmallFile.read(file))
        let cut = #expect(throws: DevloopError.self) { try BaseLibraryCache(folder: nil).libraries(of: base) }
        #expect(cut?.message.contains("cut off") == true)
    }

    @Test func usersAreNumbersWithoutABase() async throws {
        var contents = Self.contents()
        contents.user = "ann"
        let error = await #expect(throws: DevloopError.self) { try await Self.packer.pack(contents) }
        #expect(error?.hint?.contains("1000:1000") == true)
        (contents.user, contents.directory) = ("1000:7", "/data/deep")
        let image = try await Self.packer.pack(contents)
        let layer = try #require(image.layers.last)
        let listing = try await pipe(layer.content, into: ["tar", "--numeric-owner", "-tvf", "-"]).split(
            separator: "\n"
        )
        .map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        .map { "\($0[0]) \($0[1]) \($0[5])" }
        #expect(
            listing == [
                "drwxr-xr-x 0/0 app/", "-rwxr-xr-x 0/0 app/ls", "drwxr-xr-x 0/0 data/", "drwxr-xr-x 1000/7 data/deep/",
            ])
    }

    @Test func librariesOfTheBuildAreLayersBelowTheProgram() async throws {
        let folder = try TemporaryDirectory("libraries")
        let (first, second) = (try folder.write("libdevdeps.so", "1"), try folder.write("libdevshared.so", "2"))
        try folder.write("page", "p")
        var contents = Self.contents()
        contents.resources = [(folder("page"), "/tmp/page")]
        contents.libraries = [
            .init(layerName: "dependencies", fileName: "libdevdeps.so", path: first),
            .init(layerName: "shared", fileName: "libdevshared.so", path: second),
        ]
        let image = try await Self.packer.pack(contents)
        #expect(image.layers.map(\.name) == ["runtime", "dependencies", "shared", "resources", "executable"])
        #expect(try await Self.names(image, "shared") == ["app/", "app/lib/", "app/lib/libdevshared.so"])
        // The directory that everybody writes to stays one.
        let resources = try await pipe(image.layers[3].content, into: ["tar", "-tvf", "-"])
        #expect(resources.contains("drwxrwxrwt"))
    }

    @Test func labelsDoNotChangeTheTag() async throws {
        var contents = Self.contents()
        let plain = try await Self.packer.pack(contents)
        contents.labels = ["org.opencontainers.image.revision": "abc-dirty"]
        let labelled = try await Self.packer.pack(contents)
        #expect(labelled.tag == plain.tag)
        #expect(labelled.manifestDigest != plain.manifestDigest)
        #expect(
            try JSONValue(parsing: labelled.configuration).at("config", "Labels", "org.opencontainers.image.revision")
                == "abc-dirty")
        contents.environment["OURS"] = "3"
        #expect(try await Self.packer.pack(contents).tag != plain.tag)
    }
}
