// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import Glibc
import Hashing
import ImageDelivery
import ImagePack
import Plan
import ProcessRunner
import Testing

/// Builds by a real Docker Engine over its socket.
@Suite(.engine, .serialized, .timeLimit(.minutes(2)))
struct EngineBuildTests {
    static let copying = [
        "Dockerfile": "FROM scratch\nCOPY data /data\nCMD [\"/data/a\"]\n", "data/a": "a", "data/b": "b",
    ]

    let daemon: EngineDaemon
    let builder: EngineBuilder

    init() throws {
        daemon = try #require(EngineDaemon.current)
        builder = try daemon.builder()
    }

    @Test func theEngineSaysWhatItIs() async throws {
        let facts = try await daemon.client().connect()
        #expect(facts.system == "linux")
        #expect("\(facts.version)".hasPrefix("1."))
        #expect(!facts.product.isEmpty)
    }

    @Test func anImageIsBuiltAndRead() async throws {
        let fixture = try BuildFixture(Self.copying)
        let image = try await fixture.image(try fixture.request(), with: builder)
        #expect(image.names == ["data", "data/a", "data/b"])
        #expect(try JSONValue(parsing: image.configuration).at("config", "Cmd") == ["/data/a"])
        #expect(fixture.lines.value.contains { $0.contains("COPY data /data") })
        #expect(!fixture.lines.value.contains { $0.contains("{") })

        // The engine's cache gives the same image, hence the same tag.
        let again = try await fixture.image(try fixture.request(), with: builder)
        #expect(again.configuration == image.configuration)
        try fixture.folder.write("data/a", "other")
        let other = try await fixture.image(try fixture.request(), with: builder)
        #expect(other.configuration != image.configuration)
    }

    @Test func argumentsTargetsAndTagsAreHonoured() async throws {
        let dockerfile = """
            ARG BASE=scratch
            FROM ${BASE} AS first
            ARG WORD=none
            COPY bin/busybox /bin/busybox
            RUN ["/bin/busybox", "sh", "-c", "echo $WORD > /word-$WORD"]
            FROM scratch AS second
            COPY --from=first /word-x /word
            FROM scratch
            COPY bin/busybox /last
            """
        let fixture = try BuildFixture(["Dockerfile": dockerfile], busybox: true)
        let tag = unique("devloop.test/tagged") + ":one"
        let request = try fixture.request {
            $0.arguments = ["WORD": "x"]
            $0.target = "second"
            $0.extraTags = [tag]
            $0.network = "none"
        }
        let image = try await fixture.image(request, with: builder)
        #expect(image.names == ["word"])
        #expect(try await daemon.client().image(tag) != nil)
    }

    @Test func anImageOfTheSpecIsBuiltOn() async throws {
        let base = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY base /base\n", "base": "b"])
        let id = try await base.build(try base.request(), with: builder)
        let fixture = try BuildFixture(["Dockerfile": "FROM demo/base:dev\nCOPY --from=demo/base /base /copy\n"])
        let request = try fixture.request(replacing: ["demo/base:dev": id, "demo/base": id]) { $0.pull = true }
        let image = try await fixture.image(request, with: builder)
        #expect(image.names == ["base", "copy"])
    }

    @Test func aTextInTheSpecAndAFileElsewhereAreDockerfiles() async throws {
        let fixture = try BuildFixture(["context/a": "a", "elsewhere/My.Dockerfile": "FROM scratch\nCOPY . /all\n"])
        let context = fixture.folder("context")
        let elsewhere = try fixture.request(dockerfile: "elsewhere/My.Dockerfile") { $0.context = context }
        // What carries the Dockerfile to the engine is not in the image.
        #expect(try await fixture.image(elsewhere, with: builder).names == ["all", "all/a"])
        let text = BuildRequest(DockerBuild(context: context, dockerfile: nil, text: "FROM scratch\nCOPY a /b\n")) {
            _ in
            nil
        }
        #expect(try await fixture.image(text, with: builder).names == ["b"])
    }

    @Test func whatIsIgnoredIsNotCopied() async throws {
        let fixture = try BuildFixture([
            "Dockerfile": "FROM scratch\nCOPY . /\n", ".dockerignore": "*.log\n!keep.log\nDockerfile\nd\n", "a.log": "",
            "keep.log": "", "d/x": "", "e": "",
        ])
        let request = try fixture.request {
            $0.ignored.add(["*.log", "!keep.log", "Dockerfile", "d"], relativeTo: fixture.folder.path)
        }
        let image = try await fixture.image(request, with: builder)
        #expect(Set(image.names) == [".dockerignore", "e", "keep.log"])
    }

    /// Lines of `.dockerignore`; Docker's own client decides what is right. One thing is left out: its classic builder
    /// takes nothing back by `!**/name` from a directory that is ignored, BuildKit does, and so does devloop.
    static let ignoreFiles = [
        "", "*", "*.log", "**/*.log", "d", "d/", "/d", "d/*", "d/**", "d/**/c", "*/b.txt", "**/b.txt", "!a.txt\n*",
        "*\n!a.txt", "*\n!d/e", "d\n!d/e/c.log", "*\n!d\nd/e", "?.txt", "[a-b].txt", "[^a]*", "# d\n d \n\nx.log",
        "d/../x.log", "./a.txt", "Dockerfile", ".dockerignore", "Dockerfile\n.dockerignore", "d/e/..", "**/e", "**",
        "a.txt/", "no such", "d/e/c.lo*", "\\*.log",
    ]

    @Test func ignoreFilesMeanWhatTheyMeanToDocker() async throws {
        for text in Self.ignoreFiles {
            let fixture = try BuildFixture([
                "Dockerfile": "FROM scratch\nCOPY . /all/\n", ".dockerignore": text, "a.txt": "", "x.log": "",
                "b.txt": "",
                "d/b.txt": "", "d/e/c.log": "", "d/e/c": "", "e/y": "",
            ])
            let request = try fixture.request {
                $0.ignored.add(text.split(whereSeparator: \.isNewline), relativeTo: fixture.folder.path)
            }
            let ours = try await fixture.image(request, with: builder).names
            let name = unique("devloop.test/ignored")
            let result = try await ProcessRunner.run(
                ProcessCommand(
                    [
                        "docker", "-H", daemon.endpoint.url, "build", "--network", "host", "-t", name,
                        fixture.folder.path,
                    ],
                    environment: .inherit(adding: ["DOCKER_BUILDKIT": "0"])))
            #expect(result.status.isSuccess, "\(text): \(result.errorText)")
            let file = ExportFile(in: fixture.folder.path)
            try await builder.export(name, name: name, to: file.path)
            let theirs = try await fixture.names(try ImageArchiveReader.read(file.path))
            #expect(Set(ours) == Set(theirs), "\(text.debugDescription)")
        }
    }

    struct Failing: Sendable {
        var dockerfile: String
        var line: Int?
        var words: String
    }

    static let failing = [
        Failing(dockerfile: "FROM scratch\n\n# why\nCOPI a /a\n", line: 4, words: "unknown instruction: COPI"),
        Failing(
            dockerfile: "FROM scratch\n\nCOPY \\\n  nothing /a\n", line: 3, words: "file not found in build context"),
        Failing(
            dockerfile:
                "FROM scratch\nCOPY bin/busybox /busybox\nRUN [\"/busybox\", \"sh\", \"-c\", \"echo told; exit 3\"]\n",
            line: 3,
            words: "non-zero code: 3"),
        Failing(dockerfile: "", line: nil, words: "empty"),
    ]

    @Test(arguments: failing) func aDockerfileThatFailsIsToldWithItsLine(_ test: Failing) async throws {
        let fixture = try BuildFixture(["Dockerfile": test.dockerfile], busybox: true)
        let error = await #expect(throws: DevloopError.self) {
            try await fixture.build(try fixture.request(), with: builder)
        }
        #expect(error?.code == .image)
        #expect(error?.message.contains(test.words) == true, "\(error?.message ?? "")")
        #expect((error?.cause as? BuildFailure)?.line == test.line)
    }

    @Test func whatNeedsASessionIsRefusedByName() async throws {
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\n"])
        let request = try fixture.request {
            $0.secrets = ["id=x"]
            $0.ssh = ["default"]
        }
        let error = await #expect(throws: DevloopError.self) { try await fixture.build(request, with: builder) }
        #expect(error?.message.contains("secret and ssh of docker_build") == true)
        #expect(error?.hint?.contains("buildah") == true)
    }

    @Test func cancellingStopsTheBuild() async throws {
        let fixture = try BuildFixture(
            ["Dockerfile": "FROM scratch\nCOPY bin/busybox /busybox\nRUN [\"/busybox\", \"sleep\", \"4711\"]\n"],
            busybox: true)
        let request = try fixture.request()
        let builder = builder
        let task = Task { try await fixture.build(request, with: builder) }
        #expect(await poll(deadline: .seconds(20)) { !LiveProcesses.matching("\0sleep\04711").isEmpty })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await poll(deadline: .seconds(20)) { LiveProcesses.matching("\0sleep\04711").isEmpty })
    }

    @Test func imagesAreNamedLoadedAndFound() async throws {
        let client = try daemon.client()
        #expect(try await client.image("devloop.test/nothing:1") == nil)
        let packed = try Self.packed(unique("devloop.test/load"))
        let delivery = EngineLoad(client, summary: "test")
        let first = try await delivery.deliver(packed)
        #expect(first.way == "full archive")
        #expect(first.sent > 0)
        #expect(try await client.image(packed.reference)?.id == packed.configurationDigest.oci)
        let second = try await delivery.deliver(packed)
        #expect(second.way == "already there")
        #expect(second.sent == 0)
        let other = "\(packed.ref):other"
        try await client.tag(packed.reference, as: other)
        #expect(try await client.image(other)?.id == packed.configurationDigest.oci)
        await #expect(throws: DevloopError.self) { try await client.tag("devloop.test/nothing:1", as: other) }
    }

    @Test func whatIsNoImageIsNotTaken() async throws {
        let client = try daemon.client()
        var tar = TarBuilder()
        try tar.add(bytes: Array("[{\"Config\":\"x\",\"Layers\":[]}]".utf8), at: "manifest.json")
        tar.finish()
        let archive = tar.source
        let error = await #expect(throws: DevloopError.self) { try await client.load(archive) }
        #expect(error?.code == .image)
    }

    @Test func aFullDiskIsToldOf() async throws {
        let fixture = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY bin /bin\n"], busybox: true)
        let id = try await fixture.build(try fixture.request(), with: builder)
        // Every write to this device fails as on a full disk; what is removed afterwards is the link.
        let full = fixture.folder("full.tar")
        symlink("/dev/full", full)
        let error = await #expect(throws: DevloopError.self) {
            try await builder.export(id, name: "x", to: full)
        }
        #expect(error?.message.contains("No space left") == true)
        #expect(error?.hint?.contains("make room") == true)
        #expect(!TestFiles.exists(full))
    }

    static func packed(_ ref: String) throws -> PackedImage {
        let layer = try Layer(
            name: "x", files: [LayerFile(path: "x", content: .bytes(Array(ref.utf8)), mode: 0o644)],
            cache: LayerDigestCache(path: nil))
        return PackedImage(
            ref: ref, layers: [layer],
            configuration: ImageConfiguration(
                entrypoint: ["/x"], arguments: [], environment: [:], directory: "/", architecture: "amd64"))
    }
}
