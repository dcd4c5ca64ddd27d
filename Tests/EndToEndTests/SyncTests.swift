// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Live sync into real Pods while something happens to them, to the session, or to the way between.
    @Suite(.serialized)
    struct SyncTests {
        /// A running Pod, and the last line that its program has written.
        struct Seen: Equatable {
            var name: String
            var line: String
        }

        static func seen(_ cluster: Cluster, container: String = "app") async throws -> [Seen] {
            var seen: [Seen] = []
            for pod in try await cluster.livePods() {
                let name = pod.at("metadata", "name")?.string ?? ""
                let line = (try? await cluster.lastLine(of: name, container: container)) ?? "no log yet"
                seen.append(Seen(name: name, line: line))
            }
            return seen
        }

        /// Waits until so many Pods run, each with this as its last line.
        static func all(
            _ cluster: Cluster, _ count: Int, say line: String, container: String = "app",
            place: Testing.SourceLocation = #_sourceLocation
        ) async throws {
            var last: [Seen] = []
            let isSo = try await poll(deadline: .seconds(60), every: .milliseconds(200)) {
                last = try await seen(cluster, container: container)
                return last.count == count && last.allSatisfy { $0.line == line }
            }
            #expect(isSo, "\(count) of \(line): \(last)", sourceLocation: place)
        }

        static func up(
            _ package: TinyPackage, _ cluster: Cluster, _ words: [String] = [],
            _ body: (LiveDevloop) async throws -> Void
        ) async throws {
            try await LiveDevloop.run(in: package.path, on: cluster, words) { live in
                try await live.wait("app", is: "ready", deadline: .seconds(180))
                try await body(live)
            }
        }

        @Test("S07 Pods that are added, replaced and rolled while a set is under way all end with it")
        func changingPods() async throws {
            try await Cluster.run("s07") { cluster in
                let package = try TinyPackage()
                try await Self.up(package, cluster) { live in
                    try await Self.all(cluster, 1, say: "tiny one")
                    // Three Pods, two of which start while the set is built and sent.
                    try package.write("two")
                    try await cluster.kubectl(
                        "-n", cluster.namespace, "scale", "deployment/app", "--replicas=3")
                    try await Self.all(cluster, 3, say: "tiny two")
                    let synced = Set(live.all("sync.committed").compactMap { $0["pod"]?.string })
                    #expect(synced.isSuperset(of: try await Self.seen(cluster).map(\.name)))

                    // One goes, and its successor gets what the others have.
                    let victim = try #require(try await Self.seen(cluster).first)
                    try await cluster.client.delete(.pods, name: victim.name, namespace: cluster.namespace)
                    try await Self.all(cluster, 3, say: "tiny two")
                    #expect(try await !Self.seen(cluster).contains { $0.name == victim.name })

                    // All of them are replaced while a set is on its way.
                    let before = live.last
                    try package.write("three")
                    try await live.wait("build.finished", after: before, deadline: .seconds(120))
                    try await cluster.kubectl("-n", cluster.namespace, "rollout", "restart", "deployment/app")
                    try await Self.all(cluster, 3, say: "tiny three")
                    #expect(
                        await poll(deadline: .seconds(60)) {
                            live.all("resource.changed", resource: "app").last?["state"]?.string == "ready"
                        })
                    #expect(live.all("image.packed").count == 1)
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// A Pod with an init container and two others beside the one that is built here.
        private static func manyContainers(_ ref: String) -> String {
            """
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
                  initContainers:
                    - {name: first, image: \(Cluster.busybox), command: [/bin/busybox, "true"]}
                  containers:
                    - {name: before, image: \(Cluster.busybox), command: [/bin/busybox, sleep, "3600"]}
                    - {name: main, image: \(ref)}
                    - {name: after, image: \(Cluster.busybox), command: [/bin/busybox, sleep, "3600"]}

            """
        }

        @Test("S08 only the container that is built here is synced to, and pull takes from it alone")
        func severalContainers() async throws {
            try await Cluster.run("s08") { cluster in
                let package = try TinyPackage()
                try package.folder.write("app.yaml", Self.manyContainers(package.ref))
                try await Self.up(package, cluster) { live in
                    let before = live.last
                    try package.write("two")
                    try await live.wait("save.served", resource: "app", after: before, deadline: .seconds(120))
                    try await Self.all(cluster, 1, say: "tiny two", container: "main")
                    #expect(Set(live.all("sync.committed").compactMap { $0["container"]?.string }) == ["main"])
                    let pod = try #require(
                        try await cluster.client.list(.pods, namespace: cluster.namespace).items.first)
                    for status in pod.at("status", "containerStatuses")?.array ?? [] {
                        #expect(status["restartCount"]?.int == 0)
                    }
                    let containers = pod.at("spec", "containers")?.array ?? []
                    let agents = containers.filter { $0["command"]?.array?.first?.string == Renderer.agentPath }
                    #expect(agents.map { $0["name"]?.string } == ["main"])
                    try await Self.pulls(package, cluster, pod: pod.at("metadata", "name")?.string ?? "")
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// What `devloop pull` does with that Pod, from an image without tar, shell or libc's tools.
        private static func pulls(_ package: TinyPackage, _ cluster: Cluster, pod: String) async throws {
            func pull(_ words: String...) async throws -> ProcessResult {
                try await Devloop.run(
                    ["pull", "-n", cluster.namespace] + words, in: package.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
            }
            let one = try await pull("\(pod):/devloop/app/tiny", "out")
            #expect(one.code == 0, "\(one.errorText)")
            #expect(one.outputText == "\(package.path)/out\n")
            let program = try await ProcessRunner.run(
                ProcessCommand(["sh", "-c", "head -c 4 out | tail -c 3; test -x out"], directory: package.path))
            #expect(program.status.isSuccess && program.outputText == "ELF")
            let again = try await pull("\(pod):/devloop/app/tiny", "out")
            #expect(again.code == 1)
            #expect(again.errorText.contains("out is there already"))
            #expect(try await pull("\(pod):/devloop/app/tiny", "out", "--force").code == 0)
            // The whole folder of the agent, whose socket is named and left out.
            try TestFiles.makeDirectory(package.folder("into"))
            let folder = try await pull("\(cluster.namespace)/\(pod):/devloop/app/", "into", "-c", "main")
            #expect(folder.code == 1)
            #expect(folder.errorText.contains("socket: it is no file, folder or link"), "\(folder.errorText)")
            #expect(TestFiles.exists(package.folder("into/app/tiny")))

            let other = try await pull("\(pod):/bin", "-c", "after")
            #expect(other.code == 1)
            #expect(other.errorText.contains("the container after of the Pod \(pod) has no agent of devloop"))
            let absent = try await pull("app:/x")
            #expect(absent.code == 2)
            #expect(absent.errorText.contains("Pods: \(pod)"), "\(absent.errorText)")
            let missing = try await pull("\(pod):/no/such/file")
            #expect(missing.code == 1)
            #expect(missing.errorText.contains("cannot read \"/no/such/file\" in the container: No such file"))
            #expect(try await pull("\(pod):relative").code == 2)
            #expect(!TestFiles.exists(package.folder("bin")))
        }

        @Test("S24 a cluster that is gone for a while, and a machine that slept, are followed by the newest files")
        func outageAndSleep() async throws {
            try await Cluster.run("s24") { cluster in
                let text = try TestFiles.read(cluster.kubeconfig)
                let server = try KubeConfig.load([cluster.kubeconfig]).select().cluster.server
                let port = try #require(server.split(separator: ":").last.flatMap { Int($0) })
                let proxy = try FaultProxy(to: port)
                defer { proxy.stop() }
                let package = try TinyPackage()
                // The node's socket is looked for beside it.
                let run = cluster.kubeconfig.dropLast("admin.conf".count) + "run"
                try TestFiles.makeDirectory(package.folder("kube"))
                #expect(symlink(String(run), package.folder("kube/run")) == 0)
                let kubeconfig = try package.folder.write(
                    "kube/config", text.replacing(server, with: "https://127.0.0.1:\(proxy.port)"))
                try await LiveDevloop.run(
                    ["-n", cluster.namespace], in: package.path, environment: ["KUBECONFIG": kubeconfig]
                ) { live in
                    try await live.wait("app", is: "ready", deadline: .seconds(180))
                    // A save while nobody answers.
                    let out = live.last
                    proxy.stop()
                    proxy.cutAll()
                    try await live.wait("cluster.failed", after: out)
                    try package.write("two")
                    try await live.wait("build.finished", after: out, deadline: .seconds(120))
                    try await live.wait("sync.failed", resource: "app", after: out)
                    try proxy.start()
                    try await live.wait("sync.committed", resource: "app", after: out)
                    try await Self.all(cluster, 1, say: "tiny two")

                    // Longer than the agent waits for a sign of life, and a save at the moment of waking up.
                    let asleep = live.last
                    kill(pid_t(live.pid), SIGSTOP)
                    let wake = ContinuousClock.now + .seconds(25)
                    #expect(await poll(deadline: .seconds(40)) { ContinuousClock.now > wake })
                    try package.write("three")
                    kill(pid_t(live.pid), SIGCONT)
                    try await live.wait("sync.committed", resource: "app", after: asleep, deadline: .seconds(120))
                    try await Self.all(cluster, 1, say: "tiny three")
                    #expect(
                        await poll(deadline: .seconds(60)) {
                            live.all("resource.changed", resource: "app").last?["state"]?.string == "ready"
                        })
                    #expect(live.all("image.packed").count == 1, "it was synced, not made anew")
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }

        /// Processes of agents' `attach` in the containers of a namespace's only Pod, and their files in the making.
        private static func leftovers(_ cluster: Cluster, token: String) -> (attached: Int, files: [String]) {
            let agents = LiveProcesses.matching("/devloop/agent").filter { pid in
                LiveProcesses.command(pid).contains(token)
            }
            guard let agent = agents.first else { return (-1, []) }
            let group = (try? TestFiles.read("/proc/\(agent)/cgroup")) ?? ""
            let attached = LiveProcesses.matching("/devloop/agent").filter { pid in
                LiveProcesses.command(pid) == "/devloop/agent attach"
                    && (try? TestFiles.read("/proc/\(pid)/cgroup")) == group
            }
            let stage = "/proc/\(agent)/root/devloop/app/.devloop/stage"
            let files = [stage, "/proc/\(agent)/root/data", "/proc/\(agent)/root"].flatMap { TestFiles.names($0) }
            return (attached.count, files.filter { $0.contains(".devloop-") })
        }

        @Test("S29 a session that is killed in the middle of a set is followed by one that ends it")
        func killedSession() async throws {
            try await Cluster.run("s29") { cluster in
                let token = "token-\(UInt64.random(in: 0...UInt64.max))"
                let package = try TinyPackage()
                try package.folder.write(
                    "Devloopfile",
                    """
                    swift_image('\(package.ref)', args=['\(token)'], live_update=[sync('data', '/data')])
                    k8s_yaml('app.yaml')

                    """)
                try package.folder.write("data/small", "small")
                // By other programs: in this one it would keep other tests waiting.
                func shell(_ script: String) async throws {
                    let result = try await ProcessRunner.run(
                        ProcessCommand(["sh", "-c", script], directory: package.path))
                    #expect(result.status.isSuccess, "\(script): \(result.errorText)")
                }
                try await shell("head -c 60000000 /dev/urandom > large")
                try await Self.up(package, cluster) { live in
                    // It appears at once, as from a program that builds it.
                    let before = live.last
                    try await shell("mv large data/large")
                    // Killed while the large file is on its way.
                    #expect(
                        await poll(deadline: .seconds(30), every: .milliseconds(10)) {
                            !Self.leftovers(cluster, token: token).files.isEmpty
                        })
                    #expect(live.all("sync.committed", after: before).isEmpty)
                    #expect(await live.kill() == .signalled(SIGKILL))
                }
                try await Self.up(package, cluster) { live in
                    let before = live.last
                    try await shell("cp data/large large; echo end >> large; mv large data/large")
                    try await live.wait("save.served", resource: "app", after: before)
                    let pod = try #require(try await Self.seen(cluster).first?.name)
                    let pulled = try await Devloop.run(
                        ["pull", "\(pod):/data/large", "pulled", "-n", cluster.namespace], in: package.path,
                        environment: ["KUBECONFIG": cluster.kubeconfig])
                    #expect(pulled.code == 0, "\(pulled.errorText)")
                    try await shell("cmp pulled data/large")
                    var left = Self.leftovers(cluster, token: token)
                    let isClean = await poll(deadline: .seconds(30)) {
                        left = Self.leftovers(cluster, token: token)
                        return left.attached == 1 && left.files.isEmpty
                    }
                    #expect(isClean, "\(left)")
                    #expect(await live.interrupt() == .exited(130))
                }
            }
        }
    }
}
