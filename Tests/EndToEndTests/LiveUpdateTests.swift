// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Live update of images that devloop did not pack: an init container brings the agent.
    @Suite(.serialized)
    struct LiveUpdateTests {
        /// A web server in an image without shell, tar or libc: the one program, which is static, and its files.
        static let dockerfile = """
            FROM scratch
            COPY httpd /bin/httpd
            COPY name /name
            COPY www /www
            COPY conf /conf
            ENTRYPOINT ["/bin/httpd", "-f"]
            CMD ["-p", "8080", "-h", "/www"]

            """

        /// What the forward gives; nil while it gives nothing.
        private static func page(_ port: Int, _ path: String) async -> String? {
            let request = HTTPRequest("http://127.0.0.1:\(port)/\(path)", deadline: .seconds(5))
            guard let response = try? await HTTPClient().send(request), response.status == 200 else { return nil }
            return response.text
        }

        static func site(
            _ steps: String, container: String = "", pod: String = "", port: Int, dockerfile: String = dockerfile,
            side: String = "image: '\(Cluster.busybox)', command: ['/bin/busybox', sleep, '3600']"
        ) throws -> Project {
            let image = "demo/site"
            let project = try Project(
                """
                docker_build('\(image)', '.', ignore=['app.yaml', 'Devloopfile', '*.tmp'], live_update=[\(steps)])
                k8s_yaml('app.yaml')
                k8s_resource('app', port_forwards='\(port):8080')

                """,
                manifest: """
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: app}
                    spec:
                      selector: {matchLabels: {app: app}}
                      template:
                        metadata: {labels: {app: app}}
                        spec:
                          terminationGracePeriodSeconds: 0
                          automountServiceAccountToken: false
                          \(pod)
                          containers:
                            - {name: side, \(side)}
                            - {name: app, image: '\(image)', \(container)}

                    """)
            try project.folder.write("Dockerfile", dockerfile)
            // Bytes that no other run has, so that the node cannot have the image yet.
            try project.folder.write("name", "\(UInt64.random(in: 0...UInt64.max))")
            try project.folder.write("www/index.html", "one")
            try project.folder.write("www/old.html", "old")
            try project.folder.write("www/page", "file")
            try project.folder.write("conf/a", "one")
            let (status, output) = TestProgram.run(["cp", "/bin/busybox", project.folder("httpd")])
            guard status == 0 else { throw DevloopError(.process, output) }
            return project
        }

        @Test func editsAreSyncedIntoAnImageWithoutAShellAndIntoItsNextPod() async throws {
            try await Cluster.run("inject") { cluster in
                let storage = try TemporaryDirectory("storage")
                let port = try freePort()
                let project = try Self.site(
                    "sync('www', '/www')",
                    pod:
                        "initContainers: [{name: first, image: '\(Cluster.busybox)', command: ['/bin/busybox', 'true']}]",
                    port: port)
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    #expect(await poll { await Self.page(port, "") == "one" })
                    try await live.wait("decision.made", resource: "app") {
                        $0["reason"]?.string?.contains("an init container brings the agent") == true
                    }
                    let pods = try await cluster.client.list(.pods, namespace: cluster.namespace).items
                    let pod = try #require(pods.first)
                    let spec = try #require(pod["spec"])
                    #expect(
                        spec["initContainers"]?.array?.compactMap { $0["name"]?.string } == ["devloop-agent", "first"])
                    #expect(
                        spec["containers"]?[1]?["command"]?.array?.compactMap(\.string) == [
                            "/devloop/app/.devloop-agent", "run", "--", "/bin/httpd", "-f", "-p", "8080", "-h", "/www",
                        ])
                    // The sidecar has nothing of it.
                    #expect(spec["containers"]?[0]?["command"]?.array?.count == 3)

                    // A file that came with the image, one that did not, and one that goes.
                    var before = live.last
                    try project.folder.write("www/index.html", "two")
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "sync")
                    #expect(await Self.page(port, "") == "two")
                    #expect(live.all("sync.started", after: before).allSatisfy { $0["container"] == "app" })
                    before = live.last
                    try project.folder.write("www/new/a.html", "new")
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(await Self.page(port, "new/a.html") == "new")
                    before = live.last
                    TestFiles.remove(project.folder("www/old.html"))
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(await Self.page(port, "old.html") == nil)
                    // A folder in the place of a file.
                    before = live.last
                    TestFiles.remove(project.folder("www/page"))
                    try project.folder.write("www/page/in.html", "inside")
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(await poll { await Self.page(port, "page/in.html") == "inside" })
                    #expect(live.all("image.packed", resource: "app").count == 1)

                    // The next Pod has the image's files, and gets the newest before it counts as ready.
                    before = live.last
                    let name = try #require(pod.at("metadata", "name")?.string)
                    try await cluster.client.delete(.pods, name: name, namespace: cluster.namespace)
                    let committed = try await live.wait("sync.committed", resource: "app", after: before) {
                        $0["pod"]?.string != name
                    }
                    let ready = try await live.wait("app", is: "ready", after: before)
                    #expect(committed["seq"]?.int ?? .max < ready["seq"]?.int ?? 0)
                    #expect(await poll { await Self.page(port, "") == "two" })
                    #expect(await Self.page(port, "new/a.html") == "new")
                    #expect(await Self.page(port, "old.html") == nil)
                    #expect(live.all("image.packed", resource: "app").count == 1)

                    // More Pods: each gets them.
                    before = live.last
                    try await cluster.kubectl(
                        "scale", "deployment/app", "--replicas=3", "--namespace", cluster.namespace)
                    func synced() -> [JSONValue] {
                        live.all("sync.committed", resource: "app", after: before).filter {
                            $0["sent"]?.int ?? 0 > 0
                        }
                    }
                    #expect(
                        await poll(deadline: .seconds(30)) { Set(synced().compactMap { $0["pod"]?.string }).count == 2 }
                    )
                    let last = try #require(synced().last?["seq"]?.int)
                    try await live.wait("app", is: "ready", after: last)
                    #expect(live.all("image.packed", resource: "app").count == 1)

                    // What no rule names makes an image, and says so.
                    before = live.last
                    try project.folder.write("conf/a", "two")
                    try await live.wait("decision.made", resource: "app", after: before) {
                        $0["reason"] == "a is part of demo/site, and no sync rule names it"
                    }
                    let made = try await live.wait("save.served", resource: "app", after: before)
                    #expect(made["way"] == "image")
                    #expect(await poll { await Self.page(port, "") == "two" })
                    #expect(await Self.page(port, "old.html") == nil)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// A session that was killed has synced what is not saved any more: the Pod is the same, its files are not.
        @Test func theNextSessionMakesTheContainersFilesEqualToThoseHere() async throws {
            try await Cluster.run("again") { cluster in
                let storage = try TemporaryDirectory("storage")
                let port = try freePort()
                let project = try Self.site("sync('www', '/www')", port: port)
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    let before = live.last
                    try project.folder.write("www/index.html", "two")
                    try project.folder.write("www/new.html", "new")
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(await poll { await Self.page(port, "new.html") == "new" })
                    #expect(await Self.page(port, "") == "two")
                    _ = await live.kill()
                }
                try project.folder.write("www/index.html", "one")
                TestFiles.remove(project.folder("www/new.html"))
                let pods = try await cluster.client.list(.pods, namespace: cluster.namespace).items
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    #expect(await poll { await Self.page(port, "") == "one" })
                    #expect(await Self.page(port, "new.html") == nil)
                    #expect(await live.interrupt() == .exited(130))
                }
                let now = try await cluster.client.list(.pods, namespace: cluster.namespace).items
                #expect(now.map { $0.at("metadata", "uid") } == pods.map { $0.at("metadata", "uid") })
            }
        }

        @Test func aReadOnlyRootTakesFilesInItsEmptyDirAndMakesAnImageForOthers() async throws {
            try await Cluster.run("readonly") { cluster in
                let storage = try TemporaryDirectory("storage")
                let port = try freePort()
                let project = try Self.site(
                    "sync('www', '/devloop/app/www'), sync('conf', '/conf')",
                    container:
                        "args: ['-p', '8080', '-h', /devloop/app], securityContext: {readOnlyRootFilesystem: true, "
                        + "runAsUser: 1234, runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}",
                    port: port, side: "image: demo/site, args: ['-p', '8081', '-h', /devloop/app]")
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    var before = live.last
                    try project.folder.write("www/index.html", "two")
                    // Two containers of the image, each with an agent and files of its own.
                    for container in ["side", "app"] {
                        try await live.wait("sync.committed", resource: "app", after: before) {
                            $0["container"]?.string == container && $0["sent"]?.int ?? 0 > 0
                        }
                    }
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "sync")
                    #expect(await Self.page(port, "www/index.html") == "two")

                    before = live.last
                    try project.folder.write("conf/a", "two")
                    let failed = try await live.wait("sync.failed", resource: "app", after: before)
                    #expect(failed["message"]?.string?.contains("/conf") == true)
                    #expect(failed["message"]?.string?.contains("Read-only file system") == true)
                    #expect(failed["next"] == "a new image")
                    let made = try await live.wait("save.served", resource: "app", after: before)
                    #expect(made["way"] == "image")
                    #expect(live.all("image.packed", resource: "app").count == 2)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// A program that reads its files once, at its start.
        static let reader = """
            FROM scratch
            COPY httpd /bin/busybox
            COPY name /name
            COPY www /data
            COPY conf /conf
            ENTRYPOINT ["/bin/busybox", "sh", "-c"]
            CMD ["echo word $(/bin/busybox cat /data/index.html /data/made); /bin/busybox test ! -f /data/crash || exit 3; exec /bin/busybox sleep 3600"]

            """

        @Test func commandsRunAndTheProgramStartsAgainAfterThem() async throws {
            try await Cluster.run("restart") { cluster in
                let storage = try TemporaryDirectory("storage")
                let project = try Self.site(
                    "sync('www', '/data'), "
                        + "run(['/bin/busybox', 'cp', '/data/index.html', '/data/made'], trigger=['www/index.html']), "
                        + "run(['/bin/busybox', 'test', '!', '-f', '/data/bad'], trigger=['www/bad']), restart_container()",
                    port: try freePort(), dockerfile: Self.reader)
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    try await live.wait("log.written", resource: "app") { $0["text"] == "word one" }
                    var before = live.last
                    try project.folder.write("www/index.html", "two ")
                    try await live.wait("log.written", resource: "app", after: before) { $0["text"] == "word two two" }
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "sync")
                    #expect(served.at("stages", "restart")?.int != nil)
                    #expect(live.all("process.restarted", after: before).count == 1)

                    // Not its trigger: only the restart.
                    before = live.last
                    try project.folder.write("www/old.html", "older")
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(live.all("process.restarted", after: before).count == 1)
                    // The same bytes: nothing.
                    before = live.last
                    try project.folder.write("www/old.html", "older")
                    try project.folder.write("www/index.html", "three ")
                    try await live.wait("log.written", resource: "app", after: before) {
                        $0["text"] == "word three three"
                    }

                    // Its container starts again with the image's files: they are the newest before it is ready.
                    before = live.last
                    let pods = try await cluster.client.list(.pods, namespace: cluster.namespace).items
                    _ = try await cluster.client.execute(
                        namespace: cluster.namespace, pod: try #require(pods.first?.at("metadata", "name")?.string),
                        container: "app", command: ["/bin/busybox", "kill", "1"])
                    try await live.wait("log.written", resource: "app", after: before) { $0["text"] == "word one" }
                    try await live.wait("log.written", resource: "app", after: before) {
                        $0["text"] == "word three three"
                    }
                    let restarted = try await live.wait("process.restarted", resource: "app", after: before)
                    let ready = try await live.wait("app", is: "ready", after: before)
                    #expect(restarted["seq"]?.int ?? .max < ready["seq"]?.int ?? 0)

                    // A program that ends at once is told, the Pod is kept, and the next save heals it.
                    before = live.last
                    try project.folder.write("www/crash", "x")
                    let exited = try await live.wait("process.exited", resource: "app", after: before)
                    #expect(exited["code"] == 3)
                    let crashed = try await live.wait("app", is: "failed", after: before)
                    TestFiles.remove(project.folder("www/crash"))
                    try await live.wait("app", is: "ready", after: crashed["seq"]?.int ?? 0)
                    #expect(live.all("pod.changed", after: before).allSatisfy { $0["restarts"] == 1 })

                    // A command that fails is told, and heals with what it was about.
                    before = live.last
                    try project.folder.write("www/bad", "x")
                    let failed = try await live.wait("app", is: "failed", after: before)
                    #expect(failed["reason"]?.string?.contains("/bin/busybox test ! -f /data/bad") == true)
                    TestFiles.remove(project.folder("www/bad"))
                    try await live.wait("app", is: "ready", after: failed["seq"]?.int ?? 0)
                    #expect(live.all("image.packed", resource: "app").count == 1)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// An image that its own command delivers: only the manifest can tell what it runs.
        @Test func aProgramThatNobodyKnowsIsToldAndACommandInTheManifestHelps() async throws {
            try await Cluster.run("unknown") { cluster in
                let manifest = Project.deployment(command: ["/bin/busybox", "sleep", "3600"])
                let project = try Project(
                    """
                    custom_build('devloop.local/busybox', 'true', deps=['data'], tag='1', disable_push=True,
                                 live_update=[sync('data', '/data')])
                    k8s_yaml('app.yaml')

                    """, manifest: manifest.replacing("command:", with: "args:"))
                try project.folder.write("data/a", "one")
                let storage = try TemporaryDirectory("storage")
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    let told = try await live.wait("decision.made", resource: "app") { $0["action"] == "image" }
                    #expect(told["reason"]?.string?.contains("what it runs is not known") == true)
                    var before = live.last
                    try project.folder.write("data/a", "two")
                    try await live.wait("decision.made", resource: "app", after: before) {
                        $0["action"] == "image" && $0["reason"]?.string?.contains("what it runs is not known") == true
                    }
                    try await live.wait("save.served", resource: "app", after: before)

                    before = live.last
                    try project.folder.write("app.yaml", manifest)
                    try await live.wait("save.served", resource: "app", after: before)
                    before = live.last
                    try project.folder.write("data/a", "three")
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "sync")
                    let pods = try await cluster.client.list(.pods, namespace: cluster.namespace).items
                    let pod = try #require(pods.first { $0.at("metadata", "deletionTimestamp") == nil })
                    let result = try await cluster.client.execute(
                        namespace: cluster.namespace, pod: try #require(pod.at("metadata", "name")?.string),
                        container: "app", command: ["/bin/busybox", "cat", "/data/a"])
                    #expect(String(decoding: result.stdout, as: UTF8.self) == "three")
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func aCommandThatDeploysIsRunAgainAndTheReasonTold() async throws {
            try await Cluster.run("customlive") { cluster in
                let project = try Project(
                    """
                    k8s_custom_deploy('app', apply_cmd='kubectl apply -f app.yaml -o yaml', delete_cmd='true',
                        deps=['app.yaml', 'data'], container_selector='app', live_update=[sync('data', '/data')])

                    """, manifest: Project.sleeper)
                try project.folder.write("data/a", "one")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("app", is: "ready")
                    let connected = try await live.wait("cluster.connected")
                    let before = live.last
                    try project.folder.write("data/a", "two")
                    let decision = try await live.wait("decision.made", resource: "app", after: before)
                    #expect(decision["action"] == "apply")
                    let reason = decision["reason"]?.string ?? ""
                    let server = try #require(connected["server"]?.string)
                    #expect(reason.contains("a is one of its deps; it is not synced"))
                    #expect(reason.contains("needs Kubernetes 1.25, the server has \(server)"))
                    try await live.wait("object.applied", resource: "app", after: before)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
