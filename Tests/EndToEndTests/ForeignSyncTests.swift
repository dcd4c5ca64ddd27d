// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Files into Pods that devloop has not deployed: `sync_resource`, `k8s_custom_deploy`, by tar and by an agent that is
    /// there.
    @Suite(.serialized)
    struct ForeignSyncTests {
        /// A web server that makes its folder itself.
        private static func server(_ name: String = "web", replicas: Int = 1, container: String = "") -> String {
            """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: \(name)}
            spec:
              replicas: \(replicas)
              selector: {matchLabels: {app: \(name)}}
              template:
                metadata: {labels: {app: \(name), tier: front}}
                spec:
                  terminationGracePeriodSeconds: 0
                  automountServiceAccountToken: false
                  containers:
                    - name: main
                      image: \(Cluster.busybox)
                      command: ['/bin/busybox', 'sh', '-c', 'echo serving; mkdir -p /www /only; exec busybox httpd -f -p 8080 -h /www']
                      \(container)

            """
        }

        private static func deploy(_ manifest: String, in cluster: Cluster) async throws {
            let folder = try TemporaryDirectory("theirs")
            try folder.write("theirs.yaml", manifest)
            try await cluster.kubectl("apply", "-f", folder("theirs.yaml"), "--namespace", cluster.namespace)
        }

        private static func page(_ port: Int, _ path: String) async -> String? {
            let request = HTTPRequest("http://127.0.0.1:\(port)/\(path)", deadline: .seconds(5))
            guard let response = try? await HTTPClient().send(request), response.status == 200 else { return nil }
            return response.text
        }

        /// What each Pod has at a path.
        private static func contents(_ path: String, in cluster: Cluster) async throws -> [String] {
            var found: [String] = []
            for pod in try await cluster.livePods() {
                let name = pod.at("metadata", "name")?.string ?? ""
                let result = try await cluster.client.execute(
                    namespace: cluster.namespace, pod: name, container: "main", command: ["/bin/busybox", "cat", path])
                found.append(String(decoding: result.stdout, as: UTF8.self))
            }
            return found
        }

        @Test func tarBringsFilesIntoADeploymentOfSomebodyElse() async throws {
            try await Cluster.run("theirs") { cluster in
                try await Self.deploy(Self.server(replicas: 2), in: cluster)
                let port = try freePort()
                let project = try Project(
                    """
                    sync_resource('site', [sync('www', '/www'), run('touch /www/ran', trigger='www/index.html')],
                        workload='deployment/web', via='tar', port_forwards='\(port):8080')

                    """)
                try project.folder.write("www/index.html", "one")
                try project.folder.write("www/old.html", "old")
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("site", is: "ready", deadline: .seconds(60))
                    try await live.wait("decision.made", resource: "site") {
                        $0["reason"]?.string?.contains("by its own tar") == true
                    }
                    try await live.wait("log.written", resource: "site") { $0["text"] == "serving" }
                    var before = live.last
                    try project.folder.write("www/index.html", "two")
                    try project.folder.write("www/a b/ü.txt", "odd")
                    let served = try await live.wait("save.served", resource: "site", after: before)
                    #expect(served["way"] == "sync")
                    #expect(try await Self.contents("/www/index.html", in: cluster) == ["two", "two"])
                    #expect(await poll { await Self.page(port, "") == "two" })
                    #expect(await poll { await Self.page(port, "ran") == "" })
                    try await live.wait("site", is: "ready", after: before)
                    _ = await poll { (try? await Self.contents("/www/a b/ü.txt", in: cluster)) == ["odd", "odd"] }
                    #expect(try await Self.contents("/www/a b/ü.txt", in: cluster) == ["odd", "odd"])
                    // Nothing of ours stays beside them.
                    #expect(try await Self.contents("/www/.devloop-tar-end", in: cluster) == ["", ""])
                    #expect(await Self.page(port, ".devloop-tar-end") == nil)

                    // Only what is different goes there, and what is gone here goes there too.
                    before = live.last
                    TestFiles.remove(project.folder("www/a b/ü.txt"))
                    try await live.wait("save.served", resource: "site", after: before)
                    #expect(try await Self.contents("/www/a b/ü.txt", in: cluster) == ["", ""])
                    #expect(live.all("sync.committed", after: before).allSatisfy { $0["sent"] == 0 })

                    // A new Pod gets what has changed before it counts as ready.
                    before = live.last
                    try await cluster.kubectl(
                        "scale", "deployment/web", "--replicas=3", "--namespace", cluster.namespace)
                    let committed = try await live.wait("sync.committed", resource: "site", after: before)
                    #expect(committed["sent"]?.int ?? 0 > 0)
                    try await live.wait("site", is: "ready", after: committed["seq"]?.int ?? 0)
                    #expect(try await Self.contents("/www/index.html", in: cluster) == ["two", "two", "two"])
                    #expect(live.all("object.applied", resource: "site").isEmpty)
                    #expect(await live.interrupt() == .exited(130))
                }
                // It is not ours to take down.
                let down = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: project.path, environment: environment)
                #expect(down.code == 0, "\(down.errorText)")
                #expect(try await cluster.exists(.deployments, "web"))
            }
        }

        /// How the container cannot be written, and what is said of it.
        static let obstacles: [(context: String, cause: String, hint: String)] = [
            ("{readOnlyRootFilesystem: true}", "Read-only file system", "mount a volume there"),
            ("{runAsUser: 65532}", "Permission denied", "the user of the container"),
        ]

        @Test(arguments: obstacles)
        func aContainerThatCannotBeWrittenIsToldWithItsCause(_ context: String, _ cause: String, _ hint: String)
            async throws
        {
            try await Cluster.run("closed") { cluster in
                var manifest = Self.server(container: "securityContext: \(context)")
                manifest = manifest.replacing(
                    "mkdir -p /www /only; exec busybox httpd -f -p 8080 -h /www", with: "exec busybox sleep 3600")
                try await Self.deploy(manifest, in: cluster)
                let project = try Project(
                    "sync_resource('site', [sync('www', '/srv')], selector={'app': 'web'}, via='tar')\n")
                try project.folder.write("www/a", "one")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("site", is: "ready", deadline: .seconds(60))
                    let before = live.last
                    try project.folder.write("www/a", "two")
                    let failed = try await live.wait("sync.failed", resource: "site", after: before)
                    #expect(failed["message"]?.string?.contains(cause) == true, "\(failed)")
                    #expect(failed["hint"]?.string?.contains(hint) == true)
                    #expect(failed["next"] == "the next save")
                    try await live.wait("site", is: "failed", after: before)
                    #expect(live.all("save.served").isEmpty)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// Programs that are all that the container finds: an `tar` that hangs, or all but `sha256sum`.
        private static func programs(_ lines: String) -> String {
            "env: [{name: PATH, value: /only}]\n          lifecycle: {postStart: {exec: {command: ['/bin/busybox', sh, -c, '\(lines)']}}}"
        }

        @Test func aContainerThatHangsDelaysNoOther() async throws {
            try await Cluster.run("hangs") { cluster in
                let hanging = Self.server(
                    "hangs",
                    container: Self.programs(
                        "/bin/busybox mkdir -p /only; cd /only; echo \"#!/bin/sh\" > tar; echo \"exec /bin/busybox sleep 1000\" >> tar; /bin/busybox chmod +x tar"
                    )
                ).replacing("exec busybox", with: "exec /bin/busybox").replacing(
                    "; mkdir -p /www /only", with: "; /bin/busybox mkdir -p /www")
                try await Self.deploy(Self.server() + "---\n" + hanging, in: cluster)
                let project = try Project(
                    "sync_resource('site', [sync('www', '/www')], selector={'tier': 'front'}, via='tar')\n")
                try project.folder.write("www/a", "one")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("site", is: "ready", deadline: .seconds(60))
                    for word in ["two", "three"] {
                        let before = live.last
                        try project.folder.write("www/a", word)
                        let committed = try await live.wait("sync.committed", resource: "site", after: before)
                        #expect(committed["pod"]?.string?.hasPrefix("web-") == true)
                    }
                    // Nobody claims that all have it.
                    #expect(live.all("save.served").isEmpty)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func ciEndsWithOneWhenTheStateCannotBeProved() async throws {
            try await Cluster.run("unproved") { cluster in
                let proved = Self.server()
                let unproved = Self.server(
                    "bare",
                    container: Self.programs(
                        "/bin/busybox mkdir -p /only; for name in tar rm; do /bin/busybox cp /bin/busybox /only/$name; done"
                    )
                ).replacing("exec busybox", with: "exec /bin/busybox").replacing(
                    "; mkdir -p /www /only", with: "; /bin/busybox mkdir -p /www")
                try await Self.deploy(proved + "---\n" + unproved, in: cluster)
                func spec(_ name: String) -> String {
                    "sync_resource('site', [initial_sync(), sync('www', '/www')], workload='deployment/\(name)', via='tar')\n"
                }
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                for (name, code) in [("web", 0), ("bare", 1)] {
                    let project = try Project(spec(name))
                    try project.folder.write("www/a", "one")
                    let result = try await Devloop.run(
                        ["ci", "-n", cluster.namespace], in: project.path, environment: environment)
                    #expect(result.code == code, "\(result.errorText)")
                    if code == 1 { #expect(result.errorText.contains("has no sha256sum")) }
                }
                // The files are there in both.
                #expect(try await Self.contents("/www/a", in: cluster) == ["one", "one"])
            }
        }

        @Test func aCommandDeploysAndTarSyncs() async throws {
            try await Cluster.run("customsync") { cluster in
                let project = try Project(
                    """
                    k8s_custom_deploy('app', apply_cmd='kubectl apply -f app.yaml -o yaml', delete_cmd='true',
                        deps=['app.yaml', 'www'], container_selector='main', via='tar', live_update=[
                            fall_back_on('www/schema'), sync('www', '/www'), sync('www/docs', policy='ignore')])

                    """, manifest: Self.server())
                try project.folder.write("www/a", "one")
                try project.folder.write("www/docs/a.md", "one")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("app", is: "ready", deadline: .seconds(60))
                    var before = live.last
                    try project.folder.write("www/docs/a.md", "two")
                    try await live.wait("decision.made", after: before) { $0["action"] == "nothing" }
                    before = live.last
                    try project.folder.write("www/a", "two")
                    let served = try await live.wait("save.served", resource: "app", after: before)
                    #expect(served["way"] == "sync")
                    #expect(try await Self.contents("/www/a", in: cluster) == ["two"])
                    #expect(live.all("object.applied").count == 1)
                    before = live.last
                    try project.folder.write("www/schema", "1")
                    let decided = try await live.wait("decision.made", resource: "app", after: before)
                    #expect(decided["action"] == "apply" && decided["reason"] == "schema is in fall_back_on")
                    try await live.wait("object.applied", resource: "app", after: before)
                    try await live.wait("save.served", resource: "app", after: before)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// The image has neither tar nor a shell: what is there is the agent that another session has brought.
        @Test func anAgentThatIsThereIsUsedAndAnImageWithoutTarIsNamed() async throws {
            try await Cluster.run("found") { cluster in
                let storage = try TemporaryDirectory("storage")
                let environment = try Buildah.environment(storage).merging(["KUBECONFIG": cluster.kubeconfig]) { $1 }
                let theirs = try Project(
                    """
                    docker_build('demo/found', '.', ignore=['app.yaml', 'Devloopfile'], live_update=[sync('www', '/www')])
                    k8s_yaml('app.yaml')

                    """, manifest: Project.deployment(command: ["/bin/httpd", "-f", "-p", "8080"], image: "demo/found"))
                try theirs.folder.write(
                    "Dockerfile", "FROM scratch\nCOPY httpd /bin/httpd\nCOPY name /name\nCOPY www /www\n")
                try theirs.folder.write("name", "\(UInt64.random(in: 0...UInt64.max))")
                try theirs.folder.write("www/index.html", "one")
                let (status, output) = TestProgram.run(["cp", "/bin/busybox", theirs.folder("httpd")])
                try #require(status == 0, "\(output)")
                try await LiveDevloop.run(["-n", cluster.namespace], in: theirs.path, environment: environment) {
                    live in
                    try await live.wait("app", is: "ready", deadline: .seconds(120))
                    #expect(await live.interrupt() == .exited(130))
                }

                let port = try freePort()
                func ours(_ via: String) throws -> Project {
                    let project = try Project(
                        """
                        sync_resource('site', [sync('files', '/www/files')], workload='deployment/app', via='\(via)',
                            port_forwards='\(port):8080')

                        """)
                    try project.folder.write("files/a.html", "one")
                    return project
                }
                let project = try ours("agent")
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("site", is: "ready", deadline: .seconds(60))
                    let before = live.last
                    try project.folder.write("files/a.html", "two")
                    let started = try await live.wait("sync.started", resource: "site", after: before)
                    #expect(started["way"] == "found")
                    try await live.wait("save.served", resource: "site", after: before)
                    #expect(await poll { await Self.page(port, "www/files/a.html") == "two" })
                    #expect(await live.interrupt() == .exited(130))
                }
                let other = try ours("tar")
                try await LiveDevloop.run(["-n", cluster.namespace], in: other.path, environment: environment) { live in
                    try await live.wait("site", is: "ready", deadline: .seconds(60))
                    let before = live.last
                    try other.folder.write("files/a.html", "three")
                    let failed = try await live.wait("sync.failed", resource: "site", after: before)
                    #expect(failed["message"]?.string?.hasSuffix("has no program 'tar'") == true, "\(failed)")
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        @Test func aWorkloadOfAnotherNamespaceIsWaitedForAndFollowedThroughItsRollouts() async throws {
            try await Cluster.run("elsewhere") { cluster in
                try await Cluster.run("session") { own in
                    let project = try Project(
                        """
                        sync_resource('site', [sync('www', '/www')], workload='deployment/web', via='tar',
                            namespace='\(cluster.namespace)')

                        """)
                    try project.folder.write("www/a", "one")
                    try await LiveDevloop.run(
                        ["-n", own.namespace], in: project.path, environment: ["KUBECONFIG": own.kubeconfig]
                    ) { live in
                        try await live.wait("site", is: "held")
                        try await live.wait("resource.held", resource: "site") {
                            $0["reason"]?.string?.contains("there is no deployment/web in the namespace") == true
                        }
                        try await Self.deploy(Self.server(), in: cluster)
                        try await live.wait("site", is: "ready", deadline: .seconds(60))
                        var before = live.last
                        try project.folder.write("www/a", "two")
                        try await live.wait("save.served", resource: "site", after: before)
                        #expect(try await Self.contents("/www/a", in: cluster) == ["two"])
                        // Somebody else makes its Pods anew.
                        before = live.last
                        try await cluster.kubectl(
                            "rollout", "restart", "deployment/web", "--namespace", cluster.namespace)
                        let committed = try await live.wait("sync.committed", resource: "site", after: before)
                        #expect(committed["sent"]?.int ?? 0 > 0)
                        try await live.wait("site", is: "ready", after: committed["seq"]?.int ?? 0)
                        _ = await poll(deadline: .seconds(20)) {
                            (try? await Self.contents("/www/a", in: cluster)) == ["two"]
                        }
                        #expect(try await Self.contents("/www/a", in: cluster) == ["two"])
                        #expect(await live.interrupt() == .exited(130))
                    }
                }
            }
        }

        @Test func withoutAgentAndTarTheServersVersionIsTheReason() async throws {
            try await Cluster.run("refused") { cluster in
                try await Self.deploy(Self.server(), in: cluster)
                let project = try Project("sync_resource('site', [sync('www', '/www')], workload='deployment/web')\n")
                try project.folder.write("www/a", "one")
                try await LiveDevloop.run(in: project.path, on: cluster) { live in
                    try await live.wait("site", is: "ready", deadline: .seconds(60))
                    let before = live.last
                    try project.folder.write("www/a", "two")
                    let failed = try await live.wait("site", is: "failed", after: before)
                    #expect(failed["reason"]?.string?.contains("needs Kubernetes 1.25, the server has v1.20.2") == true)
                    #expect(failed["hint"]?.string?.contains("via='tar'") == true)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
