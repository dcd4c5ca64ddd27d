// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Hashing
import ImagePack
import ProcessRunner
import Testing

/// Images of programs that this machine has.
@Suite(.timeLimit(.minutes(1)))
struct MachineImageTests {
    private func image(_ folder: TemporaryDirectory) throws -> MachineImage {
        try TestFiles.write(folder("share/a.txt"), "a")
        var configuration = ImageConfiguration(
            entrypoint: ["/usr/bin/env"], arguments: [], environment: ["PATH": "/usr/bin"], directory: "/",
            architecture: "amd64")
        configuration.user = "999:999"
        var image = MachineImage(configuration: configuration)
        image.programs = ["/usr/bin/env"]
        image.files = [(folder("share"), "/usr/share/it")]
        image.links = [("/bin/env", "../usr/bin/env")]
        image.texts = [("/etc/passwd", "it:x:999:999::/:/\n")]
        return image
    }

    @Test func aProgramRunsFromItsImageAlone() async throws {
        let folder = try TemporaryDirectory("machine-image")
        let packed = try await image(folder).pack(as: "it", cache: LayerDigestCache(path: nil))
        try await pipe(try ImageArchive.make(packed, as: "it:1"), into: ["tar", "-xf", "-", "-C", folder.path])
        let index = try JSONValue(parsing: Array(try TestFiles.read(folder("index.json")).utf8))
        #expect(index["manifests"]?[0]?["annotations"]?["io.containerd.image.name"] == "docker.io/library/it:1")
        #expect(index["manifests"]?[0]?["annotations"]?["org.opencontainers.image.ref.name"] == "1")
        let docker = try JSONValue(parsing: Array(try TestFiles.read(folder("manifest.json")).utf8))
        #expect(docker[0]?["RepoTags"] == ["it:1"])
        let layer = try #require(packed.layers.first)
        let unpack = try await ProcessRunner.run(
            ProcessCommand(
                [
                    "bash", "-c",
                    "mkdir root && tar -xf blobs/sha256/\(layer.digest.hex) -C root && cat root/usr/share/it/a.txt "
                        + "root/etc/passwd && exec unshare -r -- chroot root /bin/env A=b",
                ], directory: folder.path, environment: .inherit(adding: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])))
        #expect(unpack.status.isSuccess, "\(unpack.errorText)")
        #expect(unpack.outputText.hasPrefix("ait:x:999:999::/:/\n"))
        #expect(unpack.outputText.contains("\nA=b\n"))
    }

    @Test func theSameFilesGiveTheSameImage() async throws {
        let folder = try TemporaryDirectory("machine-image")
        let image = try image(folder)
        let one = try await image.pack(as: "it", cache: LayerDigestCache(path: nil))
        let two = try await image.pack(as: "it", cache: LayerDigestCache(path: nil))
        #expect(one.manifest == two.manifest)
        try TestFiles.write(folder("share/a.txt"), "b")
        let three = try await image.pack(as: "it", cache: LayerDigestCache(path: nil))
        #expect(three.manifest != one.manifest)
    }

    @Test func whatIsMissingIsNamed() async throws {
        var image = MachineImage(
            configuration: ImageConfiguration(
                entrypoint: [], arguments: [], environment: [:], directory: "/", architecture: "amd64"))
        image.programs = ["/no/such/program"]
        let error = await #expect(throws: DevloopError.self) {
            try await image.pack(as: "it", cache: LayerDigestCache(path: nil))
        }
        #expect(error?.message == "/no/such/program cannot be packed: No such file or directory")
    }
}
