// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Images that other programs build, from a save to the new Pod.
    @Suite(.serialized)
    struct ImageBuildTests {
        /// A web server out of busybox, on a port of its own.
        static let dockerfile = """
            FROM demo/base
            ARG NAME=nobody
            COPY page.txt /www/index.html
            ENTRYPOINT ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
            """

        static let spec = """
            docker_build('demo/base', 'base', dockerfile='base/Dockerfile')
            docker_build('demo/site', '.', build_args={'NAME': 'site'}, only=['page.txt'])
            k8s_yaml('app.yaml')
            k8s_resource('app', port_forwards='%PORT%:8080')

            """

        private static func project(_ spec: String, _ port: Int) throws -> Project {
            let name = UInt32.random(in: 0...UInt32.max)
            let image = "demo/site"
            let manifest = Project.deployment(command: ["-"], image: image).split(separator: "\n")
                .filter { !$0.contains("command:") }.joined(separator: "\n")
            let project = try Project(spec.replacing("%PORT%", with: "\(port)"), manifest: manifest + "\n")
            try project.folder.write("Dockerfile", dockerfile)
            // Bytes that no other run has, so that the node cannot have the image yet.
            try project.folder.write("base/name", "\(name)")
            try project.folder.write("base/Dockerfile", "FROM scratch\nCOPY busybox /bin/busybox\nCOPY name /name\n")
            try project.folder.write("page.txt", "one")
            let (status, output) = TestProgram.run(["cp", "/bin/busybox", project.folder("base/busybox")])
            guard status == 0 else { throw DevloopError(.process, output) }
            return project
        }

        /// What the forward gives; nil while it gives nothing.
        private static func page(_ port: Int) async throws -> String? {
            let request = HTTPRequest("http://127.0.0.1:\(port)/", deadline: .seconds(5))
            return try? await HTTPClient().send(request).text
        }

        private static func follow(
            _ project: Project, _ cluster: Cluster, _ port: Int, _ environment: [String: String]
        ) async throws {
            let environment = environment.merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
            try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) { live in
                try await live.wait("app", is: "ready")
                #expect(await poll { (try? await page(port)) == "one" })
                let before = live.last
                try project.folder.write("page.txt", "two")
                let served = try await live.wait("save.served", resource: "app", after: before)
                #expect(served["way"] == "image")
                #expect(await poll { (try? await page(port)) == "two" })
                // What did not change came along in no archive.
                let sent = live.all("image.delivered", resource: "app", after: before).last?["sent"]?.int ?? .max
                #expect(sent < 100_000)

                // A Dockerfile that fails is told with its line, and mended by the next save.
                let good = live.last
                try project.folder.write("Dockerfile", dockerfile.replacing("COPY page.txt", with: "COPI page.txt"))
                let failed = try await live.wait("image.failed", resource: "app", after: good)
                #expect(failed["file"]?.string?.hasSuffix("Dockerfile") == true)
                #expect(failed["line"] == 3)
                try project.folder.write("Dockerfile", dockerfile)
                try await live.wait("app", is: "ready", after: failed["seq"]?.int ?? 0)
                #expect(await live.interrupt() == .exited(130))
            }
        }

        @Test func aDockerEngineBuildsAndTheNewPodServes() async throws {
            try await Cluster.run("docker") { cluster in
                let engine = try TemporaryDirectory("engine")
                let socket = engine("docker.sock")
                let daemon = Task {
                    try await ProcessRunner.run(
                        ProcessCommand([
                            "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver",
                            "vfs", "--data-root", engine("data"), "--exec-root", engine("exec"), "--pidfile",
                            engine("pid"), "-H", "unix://\(socket)",
                        ]))
                }
                #expect(await poll(deadline: .seconds(30)) { TestFiles.exists(socket) })
                do {
                    let port = try freePort()
                    try await Self.follow(
                        try Self.project(Self.spec, port), cluster, port, ["DOCKER_HOST": "unix://\(socket)"])
                } catch {
                    daemon.cancel()
                    _ = try? await daemon.value
                    throw error
                }
                daemon.cancel()
                _ = try? await daemon.value
            }
        }

        @Test func withoutAnEngineBuildahBuilds() async throws {
            try await Cluster.run("buildah") { cluster in
                let storage = try TemporaryDirectory("storage")
                let port = try freePort()
                let environment = try Buildah.environment(storage)
                try await Self.follow(try Self.project(Self.spec, port), cluster, port, environment)
            }
        }

        @Test func anImageThatACommandLeavesHereGoesToTheNode() async throws {
            try await Cluster.run("command") { cluster in
                let storage = try TemporaryDirectory("storage")
                let port = try freePort()
                let spec = """
                    docker_build('demo/base', 'base', dockerfile='base/Dockerfile')
                    custom_build(
                        'demo/site',
                        'buildah build --layers --timestamp 0 --build-context demo/base=container-image://$TILT_IMAGE_0 '
                        + '-t $EXPECTED_REF . && echo $EXPECTED_IMAGE $EXPECTED_TAG $TILT_IMAGE_MAP_0',
                        deps=['page.txt', 'Dockerfile'], image_deps=['demo/base'])
                    k8s_yaml('app.yaml')
                    k8s_resource('app', port_forwards='%PORT%:8080')

                    """
                let project = try Self.project(spec, port)
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready")
                    #expect(await poll { (try? await Self.page(port)) == "one" })
                    try await live.wait("log.written", resource: "app") { event in
                        event["text"]?.string?.hasPrefix("demo/site devloop-") == true
                            && event["text"]?.string?.hasSuffix(" demo/base") == true
                    }
                    let before = live.last
                    try project.folder.write("page.txt", "two")
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(await poll { (try? await Self.page(port)) == "two" })

                    // A command that leaves no image is told of at its place in the spec.
                    let good = live.last
                    try project.folder.write(
                        "Devloopfile", "custom_build('demo/site', 'true', deps=['page.txt'])\nk8s_yaml('app.yaml')\n")
                    let failed = try await live.wait("image.failed", resource: "app", after: good)
                    #expect(failed["message"]?.string?.contains("left no image 'demo/site:devloop-") == true)
                    #expect(failed["hint"]?.string?.contains("$EXPECTED_REF") == true)
                    #expect(failed["line"] == 1)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// A Swift program on a base that another tool has made: what the base sets is there, and another base is a change.
        @Test func aSwiftProgramRunsOnABase() async throws {
            try await Cluster.run("base") { cluster in
                let storage = try TemporaryDirectory("storage")
                let environment = try Buildah.environment(storage)
                let package = try TinyPackage()
                let archive = package.folder("base.tar")
                func makeBase(_ word: String) async throws {
                    try package.folder.write("base/Dockerfile", "FROM scratch\nENV BASE=\(word)\nCOPY note /etc/note\n")
                    try package.folder.write("base/note", "\(word)\n")
                    let image = "localhost/base-\(word)"
                    for command in [
                        ["buildah", "build", "--timestamp", "0", "-t", image, package.folder("base")],
                        ["buildah", "push", image, "oci-archive:\(archive).new"], ["mv", "\(archive).new", archive],
                    ] {
                        let result = try await ProcessRunner.run(
                            ProcessCommand(command, environment: .inherit(adding: environment)))
                        try #require(result.status.isSuccess, "\(result.errorText)")
                    }
                }
                try await makeBase("first")
                try package.folder.write(
                    "Devloopfile", "swift_image('\(package.ref)', base='oci-archive:base.tar')\nk8s_yaml('app.yaml')\n")
                try package.folder.write(
                    "Sources/tiny/main.swift",
                    """
                    import Glibc
                    let note = fopen("/etc/note", "r")
                    var line = [CChar](repeating: 0, count: 40)
                    fgets(&line, 40, note)
                    print("base", getenv("BASE").map { String(cString: $0) } ?? "none", String(cString: line))
                    fflush(nil)
                    while true { sleep(60) }

                    """)
                try await LiveDevloop.run(in: package.path, on: cluster) { live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    try await live.wait("log.written", resource: "app") { $0["text"] == "base first first" }
                    let before = live.last
                    try await makeBase("second")
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "image")
                    try await live.wait("log.written", resource: "app") { $0["text"] == "base second second" }
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
