// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Devloopfile
import Plan
import Testing

/// Which image a reference means, what images are made from, and what of their files counts.
@Suite(.timeLimit(.minutes(1)))
struct ImageBuiltinTests {
    static let files = [
        "Dockerfile": "FROM scratch\n", "sub/Dockerfile": "FROM scratch\n", "a.yaml": pod("a"),
        "base.Dockerfile": "ARG FROM_TAG=latest\nFROM --platform=linux/amd64 demo/base:${FROM_TAG} AS one\n"
            + "FROM one\nCOPY --from=demo/tool \\\n  /x /y\nCOPY --from=one /a /b\nRUN --mount=type=bind,from=demo/mount,target=/m x\n",
    ]

    static func pod(_ image: String, name: String = "a") -> String {
        SpecFixture.deployment(name, image: image)
    }

    /// The spec, the image of a Deployment, and the images of its resource.
    @Test(arguments: [
        ("docker_build('demo/a', '.')", "demo/a", ["demo/a"]),
        ("docker_build('demo/a', '.')", "demo/a:v1", ["demo/a"]),
        ("docker_build('demo/a', '.')", "docker.io/demo/a@sha256:\(String(repeating: "a", count: 64))", ["demo/a"]),
        ("docker_build('nginx', '.')", "index.docker.io/library/nginx:1", ["nginx"]),
        ("docker_build('demo/a:v1', '.')", "demo/a:v1", ["demo/a:v1"]),
        ("docker_build('demo/a:v1', '.')", "demo/a:v2", []),
        ("docker_build('demo/a:v1', '.')", "demo/a", []),
        ("docker_build('demo/a:v1', '.'); docker_build('demo/a', '.')", "demo/a:v1", ["demo/a:v1"]),
        ("docker_build('demo/a:v1', '.'); docker_build('demo/a', '.')", "demo/a:v2", ["demo/a"]),
        ("docker_build('localhost:5000/a', '.')", "localhost:5000/a:dev", ["localhost:5000/a"]),
        ("docker_build('demo/a', '.')", "demo/other", []),
        (
            "docker_build('demo/base', '.'); docker_build('demo/a', '.', dockerfile='base.Dockerfile')", "demo/a",
            ["demo/base", "demo/a"]
        ),
        (
            "docker_build('demo/tool', '.'); docker_build('demo/mount', '.'); "
                + "docker_build('demo/a', '.', dockerfile='base.Dockerfile')", "demo/a",
            ["demo/tool", "demo/mount", "demo/a"]
        ),
        (
            "docker_build('demo/base:v2', '.'); "
                + "docker_build('demo/a', '.', dockerfile='base.Dockerfile', build_args={'FROM_TAG': 'v2'})", "demo/a",
            ["demo/base:v2", "demo/a"]
        ),
        (
            "docker_build('demo/base', '.'); custom_build('demo/a', 'x', ['.'], image_deps=['demo/base'])", "demo/a",
            ["demo/base", "demo/a"]
        ),
    ])
    func referencesMeanImages(spec: String, image: String, want: [String]) async throws {
        var files = Self.files
        files["a.yaml"] = Self.pod(image)
        let plan = try await SpecFixture(spec + "\nk8s_yaml('a.yaml')", files: files).plan()
        #expect(plan.resource("a")?.kubernetes?.images == want)
    }

    @Test func variablesMayNameImages() async throws {
        let yaml = """
            {apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {containers: [
              {name: c, image: busybox, env: [{name: A, value: "demo/a"}, {name: B, value: "demo/b:1"}]}]}}}}
            """
        let plan = try await SpecFixture(
            "docker_build('demo/a', '.')\ndocker_build('demo/b', '.', match_in_env_vars=True)\nk8s_yaml('j.yaml')",
            files: ["Dockerfile": "FROM scratch", "j.yaml": yaml]
        ).plan()
        let resource = try #require(plan.resource("j")?.kubernetes)
        #expect(resource.images == ["demo/b"])
        // A Job is ready when it is done.
        #expect(resource.podReadiness == .succeeded)
        #expect(plan.warnings.map(\.message) == ["image \"demo/a\" is used by no object of the manifests"])
    }

    @Test func dockerBuildIsTakenWhole() async throws {
        let fixture = try SpecFixture(
            """
            docker_build('demo/a', 'sub', build_args={'A': 'b'}, live_update=[sync('sub/x', '/x')], ignore=['*.md'],
                only=['x', 'y'], entrypoint='run it', container_args=['-v'], target='t', ssh='default', network='host',
                secret=['id=s'], extra_tag='demo/a:extra', cache_from='demo/a:old', pull=True, platform='linux/arm64',
                extra_hosts='h:1')
            k8s_yaml('a.yaml')
            """,
            files: [
                "sub/Dockerfile": "FROM scratch\n", "sub/.dockerignore": "# no\nx/*.log\n!x/keep.log\n",
                "a.yaml": Self.pod("demo/a"),
            ])
        let image = try #require(try await fixture.plan().image("demo/a"))
        let build = try #require(image.docker)
        let sub = fixture.directory("sub")
        #expect(build.context == sub && build.dockerfile == "\(sub)/Dockerfile" && build.text == "FROM scratch\n")
        #expect(build.arguments == ["A": "b"] && build.target == "t" && build.ssh == ["default"])
        #expect(build.network == "host" && build.secrets == ["id=s"] && build.extraTags == ["demo/a:extra"])
        #expect(build.cacheFrom == ["demo/a:old"] && build.pull && build.platform == "linux/arm64")
        #expect(build.extraHosts == ["h:1"])
        #expect(image.inputs == ["\(sub)/x", "\(sub)/y", "\(sub)/Dockerfile"])
        #expect(image.entrypoint == ["sh", "-c", "run it"] && image.containerArguments == ["-v"])
        for (path, isIgnored) in [("x/a.log", true), ("x/keep.log", false), ("a.md", true), ("x/a.md", false)] {
            #expect(image.ignored.matches("\(sub)/\(path)") == isIgnored, "\(path)")
        }
    }

    /// Calls that cannot be carried out.
    @Test(arguments: [
        ("docker_build('demo/a', 'nope')", "docker_build: cannot read \"nope/Dockerfile\": no such file or directory"),
        ("docker_build('demo/a', '')", "docker_build: context is empty"),
        ("docker_build('DEMO/a b', '.')", "docker_build: \"DEMO/a b\" is no image reference"),
        (
            "docker_build('demo/a', '.', dockerfile='Dockerfile', dockerfile_contents='FROM x')",
            "docker_build: dockerfile and dockerfile_contents exclude each other"
        ),
        ("docker_build('demo/a', '.', only='*.go')", "docker_build: only: \"*.go\" is a pattern"),
        ("docker_build('demo/a', '.', build_args=['x'])", "docker_build: build_args must be a dict, got list"),
        ("docker_build('demo/a', '.', extra_tag='A B')", "docker_build: extra_tag \"A B\" is no image reference"),
        ("docker_build('demo/a', '.', contxt='x')", "docker_build: unexpected keyword argument \"contxt\""),
        (
            "docker_build('demo/a', '.'); docker_build('demo/a', 'sub')",
            "docker_build: image \"demo/a\" is there already"
        ),
        (
            "docker_build('a', 'sub', live_update=[sync('Dockerfile', '/x')]); k8s_yaml('a.yaml')",
            "live_update: \"Dockerfile\" is outside of what the image is made of, so that no change of it is seen"
        ),
        (
            "docker_build('a', '.', dockerfile_contents='FROM b'); docker_build('b', '.', dockerfile_contents='FROM a')"
                + "; k8s_yaml('a.yaml')", "images are made from each other: a -> b -> a"
        ),
        (
            "custom_build('a', 'x', ['.'], image_deps=['nope'])",
            "custom_build: image_deps names \"nope\", which nothing builds"
        ),
        (
            "custom_build('a', 'x', ['.'], tag='t', outputs_image_ref_to='f')",
            "custom_build: tag and outputs_image_ref_to exclude each other"
        ),
    ])
    func refuses(spec: String, message: String) async throws {
        let error = try #require(await SpecFixture(spec, files: Self.files).evaluate().error)
        #expect(error.message == message)
        #expect(error.location?.file == "Devloopfile")
    }

    @Test func aBaseImagesFilesMayBeSynced() async throws {
        let plan = try await SpecFixture(
            """
            docker_build('base', 'sub')
            docker_build('a', 'other', dockerfile_contents='FROM base', live_update=[sync('sub/x', '/x')])
            k8s_yaml('a.yaml')
            """, files: Self.files
        ).plan()
        #expect(plan.resource("a")?.kubernetes?.images == ["base", "a"])
    }
}
