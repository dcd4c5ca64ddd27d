// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import DevloopTestSupport
import ImagePack
import Plan
import ProcessRunner
import Testing

/// Builds by Debian's buildah.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ToolBuilderTests {
    let storage: TemporaryDirectory
    let builder: ToolBuilder

    init() throws {
        storage = try TemporaryDirectory("storage")
        // Its own storage, and what a machine without user namespaces needs.
        try storage.write(
            "storage.conf",
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"\(storage("root"))\"\nrunroot = \"\(storage("run"))\"\n")
        var environment = ProcessEnvironment.current
        environment["CONTAINERS_STORAGE_CONF"] = storage("storage.conf")
        environment["BUILDAH_ISOLATION"] = "chroot"
        builder = ToolBuilder(program: "buildah", environment: environment)
    }

    @Test func anImageIsBuiltReadAndEqualTheSecondTime() async throws {
        let fixture = try BuildFixture(EngineBuildTests.copying)
        let image = try await fixture.image(try fixture.request(), with: builder)
        #expect(image.names == ["data", "data/a", "data/b"])
        #expect(try JSONValue(parsing: image.configuration).at("config", "Cmd") == ["/data/a"])
        #expect(fixture.lines.value.contains { $0.contains("COPY data /data") })
        let id = try await builder.build(
            try fixture.request(), context: BuildContext(try fixture.request()), onLine: { _ in })
        #expect(try await builder.configuration(id)?["Cmd"] == ["/data/a"])
        #expect(try await builder.configuration("devloop.test/none:1") == nil)
        // In another folder, at another time: the same image, without any cache.
        let second = try BuildFixture(EngineBuildTests.copying)
        let other = try ToolBuilderTests()
        let again = try await second.image(try second.request(), with: other.builder)
        #expect(again.configuration == image.configuration)
        #expect(again.layers.map(\.digest) == image.layers.map(\.digest))
    }

    @Test func argumentsTargetsAndSecretsAreHonoured() async throws {
        let dockerfile = """
            FROM scratch AS first
            ARG WORD=none
            COPY bin/busybox /bin/busybox
            RUN --mount=type=secret,id=token ["/bin/busybox", "sh", "-c", "/bin/busybox cp /run/secrets/token /$WORD"]
            FROM scratch AS second
            COPY --from=first /x /copy
            FROM scratch
            COPY bin/busybox /last
            """
        let fixture = try BuildFixture(["Dockerfile": dockerfile, "token": "hush"], busybox: true)
        let request = try fixture.request {
            $0.arguments = ["WORD": "x"]
            $0.target = "second"
            $0.secrets = ["id=token,src=\(fixture.folder("token"))"]
        }
        #expect(try await fixture.image(request, with: builder).names == ["copy"])
    }

    @Test func anImageOfTheSpecIsBuiltOnAndAPackedOneTakenIn() async throws {
        let base = try BuildFixture(["Dockerfile": "FROM scratch\nCOPY base /base\n", "base": "b"])
        let id = try await base.build(try base.request(), with: builder)
        let packed = try EngineBuildTests.packed(unique("devloop.test/packed"))
        let name = try await builder.load(packed, folder: storage.path)
        #expect(try await builder.image(name) != nil)
        #expect(try await builder.image("devloop.test/nothing:1") == nil)
        let fixture = try BuildFixture(["Dockerfile": "FROM demo/base\nCOPY --from=demo/packed /x /y\n"])
        let request = try fixture.request(replacing: ["demo/base": id, "demo/packed": name])
        #expect(try await fixture.image(request, with: builder).names == ["base", "y"])
    }

    static let failing = [
        EngineBuildTests.Failing(dockerfile: "FROM scratch\n\n# why\nCOPI a /a\n", line: 4, words: "COPI"),
        EngineBuildTests.Failing(dockerfile: "FROM scratch\nCOPY nothing /a\n", line: 2, words: "no such file"),
        EngineBuildTests.Failing(
            dockerfile:
                "FROM scratch AS one\nCOPY bin/busybox /busybox\nFROM one\n\nRUN [\"/busybox\", \"sh\", \"-c\", \"exit 3\"]\n",
            line: 5, words: "exit status 3"),
    ]

    @Test(arguments: failing) func aDockerfileThatFailsIsToldWithItsLine(_ test: EngineBuildTests.Failing) async throws
    {
        let fixture = try BuildFixture(["Dockerfile": test.dockerfile], busybox: true)
        let error = await #expect(throws: DevloopError.self) {
            try await fixture.build(try fixture.request(), with: builder)
        }
        #expect(error?.message.contains(test.words) == true, "\(error?.message ?? "")")
        #expect((error?.cause as? BuildFailure)?.line == test.line)
    }

    @Test func cancellingEndsAllItsProcesses() async throws {
        let fixture = try BuildFixture(
            ["Dockerfile": "FROM scratch\nCOPY bin/busybox /busybox\nRUN [\"/busybox\", \"sleep\", \"4713\"]\n"],
            busybox: true)
        let request = try fixture.request()
        let builder = builder
        let task = Task { try await fixture.build(request, with: builder) }
        #expect(await poll(deadline: .seconds(20)) { !LiveProcesses.matching("\0sleep\04713").isEmpty })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await poll(deadline: .seconds(20)) { LiveProcesses.matching("\0sleep\04713").isEmpty })
    }

    @Test func withoutAnEngineBuildahIsChosen() async throws {
        let environment = ProcessEnvironment.current.merging(["DOCKER_HOST": "unix://\(storage("none"))"]) { $1 }
        #expect(try await BuilderChoice.choose(session: "", environment: environment).name == "buildah")
        #expect(try await BuilderChoice.choose(session: "ssh", environment: environment).name == "buildah")
    }
}
