// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// The ways of images to the node, and the commands about images: `doctor`, `build`, `render`.
    @Suite(.serialized)
    struct DeliveryTests {
        /// Runs `devloop run` and gives the way that the image took.
        private static func way(
            _ package: TinyPackage, _ cluster: Cluster, _ environment: [String: String]
        ) async throws -> (way: String, image: String, delivery: String) {
            let result = try await Devloop.run(
                ["run", "--ui", "json", "-n", cluster.namespace], in: package.path, environment: environment)
            #expect(result.code == 0, "\(result.errorText)")
            let events = try result.events()
            let delivered = try #require(events.first { $0["kind"] == "image.delivered" }, "\(result.errorText)")
            let connected = try #require(events.first { $0["kind"] == "cluster.connected" })
            return (
                delivered["way"]?.string ?? "", delivered["image"]?.string ?? "", connected["delivery"]?.string ?? ""
            )
        }

        @Test func minikubeOfContainersGetsDeltasThroughDockerExec() async throws {
            try await Cluster.run("dockerexec") { cluster in
                let minikube = try StandInMinikube(cluster, driver: "docker")
                let package = try TinyPackage()
                let first = try await Self.way(package, cluster, minikube.environment)
                #expect(first.way == "full archive")
                #expect(first.delivery.hasPrefix("containerd import: through docker exec"))
                try package.write("two")
                let second = try await Self.way(package, cluster, minikube.environment)
                #expect(second.way == "delta archive")
                #expect(second.image != first.image)
                // Files told the driver: Minikube was not asked.
                let calls = minikube.calls
                #expect(calls.allSatisfy { $0.hasPrefix("docker exec -i devloop-local ctr -n k8s.io images import -") })
                #expect(!calls.isEmpty)
            }
        }

        @Test func minikubeOfMachinesGetsDeltasOverSSH() async throws {
            try await Cluster.run("ssh") { cluster in
                let minikube = try StandInMinikube(cluster, driver: "kvm2", programs: [])
                let node = try await StandInNode.start(for: minikube, node: "devloop-local")
                let package = try TinyPackage()
                do {
                    let first = try await Self.way(package, cluster, minikube.environment)
                    #expect(first.way == "full archive")
                    #expect(first.delivery == "containerd import: over ssh, since the nodes are machines (kvm2)")
                    try package.write("two")
                    #expect(try await Self.way(package, cluster, minikube.environment).way == "delta archive")
                    #expect(
                        minikube.calls.allSatisfy { $0 == "ssh sudo -n ctr -n k8s.io images import -" },
                        "\(minikube.calls)")
                } catch {
                    await node.stop()
                    throw error
                }
                await node.stop()
                // The node is gone: one error that says so, and the session ends.
                try package.write("three")
                let result = try await Devloop.run(
                    ["run", "-n", cluster.namespace], in: package.path, environment: minikube.environment)
                #expect(result.code == 1)
                #expect(result.errorText.contains("Connection refused"), "\(result.errorText)")
            }
        }

        @Test func otherwiseMinikubeLoadsFiles() async throws {
            try await Cluster.run("load") { cluster in
                // Neither docker nor a file that tells the driver: the program is asked, and loads.
                let minikube = try StandInMinikube(
                    cluster, driver: "podman", programs: ["minikube"], namesDriver: false)
                let package = try TinyPackage()
                let first = try await Self.way(package, cluster, minikube.environment)
                #expect(first.way == "full archive")
                #expect(first.delivery.hasPrefix("minikube image load"))
                try package.write("two")
                _ = try await Self.way(package, cluster, minikube.environment)
                let loads = minikube.calls.filter { $0.contains("image load") }
                #expect(Set(loads).count == 2, "\(minikube.calls)")
                #expect(minikube.calls.contains("minikube profile list --light -o json"))
            }
        }

        @Test func kindPushesToTheRegistryThatItAnnounces() async throws {
            try await Cluster.run("announced") { cluster in
                let kind = try StandInMinikube(cluster, driver: "", programs: [], context: "kind-stand-in")
                let announcement: JSONValue = [
                    "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": ["name": "local-registry-hosting", "namespace": "kube-public"],
                    "data": ["localRegistryHosting.v1": "host: \"127.0.0.1:15000\"\n"],
                ]
                _ = try await cluster.client.create(announcement, namespace: "kube-public")
                let package = try TinyPackage()
                do {
                    let found = try await Self.way(package, cluster, kind.environment)
                    #expect(found.way == "registry")
                    #expect(found.image.hasPrefix("127.0.0.1:15000/devloop.test_tiny-"))
                    #expect(found.delivery.hasPrefix("announced registry: 127.0.0.1:15000"))
                    // What render prints is what run has applied.
                    let render = try await Devloop.run(
                        ["render", "--json", "-n", cluster.namespace], in: package.path, environment: kind.environment)
                    #expect(render.outputText.contains("\"image\": \"\(found.image)\""), "\(render.errorText)")
                } catch {
                    _ = try? await cluster.client.delete(
                        .configMaps, name: "local-registry-hosting", namespace: "kube-public")
                    throw error
                }
                try await cluster.client.delete(.configMaps, name: "local-registry-hosting", namespace: "kube-public")
            }
        }

        /// The addon's Service and Pod as Minikube's manifests have them; the Pod shares the network of this machine, where
        /// a real registry listens on the port that the addon's proxy gives it on nodes.
        @Test func minikubePushesToItsRegistryAddon() async throws {
            try await Cluster.run("addon") { cluster in
                let minikube = try StandInMinikube(cluster, driver: "podman", programs: [])
                let labels: JSONValue = ["kubernetes.io/minikube-addons": "registry", "actual-registry": "true"]
                let service: JSONValue = [
                    "apiVersion": "v1", "kind": "Service",
                    "metadata": ["name": "registry", "labels": ["kubernetes.io/minikube-addons": "registry"]],
                    "spec": ["ports": [["port": 80, "targetPort": 5000]], "selector": labels],
                ]
                let pod: JSONValue = [
                    "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "stand-in-registry", "labels": labels],
                    "spec": [
                        "hostNetwork": true, "terminationGracePeriodSeconds": 0,
                        "containers": [
                            [
                                "name": "registry", "image": .string(Cluster.busybox),
                                "command": ["/bin/busybox", "sleep", "3600"],
                            ]
                        ],
                    ],
                ]
                try minikube.folder.write(
                    "registry.yml",
                    """
                    version: 0.1
                    storage: {filesystem: {rootdirectory: \(minikube.folder("blobs"))}}
                    http: {addr: "127.0.0.1:5000"}

                    """)
                let registry = try await ProcessRunner.open(
                    ProcessCommand(["docker-registry", "serve", minikube.folder("registry.yml")])
                ) { _ in }
                let system = "kube-system"
                do {
                    _ = try await cluster.client.create(service, namespace: system)
                    _ = try await cluster.client.create(pod, namespace: system)
                    let isRunning = try await poll(deadline: .seconds(60)) {
                        let found = try await cluster.client.get(.pods, name: "stand-in-registry", namespace: system)
                        return found.at("status", "phase") == "Running"
                    }
                    #expect(isRunning)
                    let package = try TinyPackage()
                    let found = try await Self.way(package, cluster, minikube.environment)
                    #expect(found.delivery.hasPrefix("registry addon:"))
                    #expect(found.way == "registry")
                    #expect(found.image.hasPrefix("localhost:5000/devloop.test_tiny-"))
                } catch {
                    await Self.remove(registry, from: cluster, system)
                    throw error
                }
                await Self.remove(registry, from: cluster, system)
            }
        }

        private static func remove(_ registry: ProcessChannel, from cluster: Cluster, _ system: String) async {
            _ = try? await cluster.client.delete(.pods, name: "stand-in-registry", namespace: system)
            _ = try? await cluster.client.delete(.services, name: "registry", namespace: system)
            await registry.close()
        }

        @Test func doctorTellsTheWayAndThoseNotTaken() async throws {
            try await Cluster.run("doctor") { cluster in
                let minikube = try StandInMinikube(cluster, driver: "docker")
                let project = try Project(manifest: Project.sleeper)
                let result = try await Devloop.run(
                    ["doctor", "--json"], in: project.path, environment: minikube.environment)
                let report = try JSONValue(parsing: result.stdout)
                #expect(result.code == 0, "\(result.outputText)")
                #expect(report.at("delivery", "way") == "containerd import")
                let names = (report.at("delivery", "candidates")?.array ?? []).compactMap { $0["name"]?.string }
                #expect(names.contains("Docker Engine") && names.contains("minikube image load"))
                let cluster = (report["cluster"]?.array ?? []).map {
                    "\($0["name"]?.string ?? ""): \($0["value"]?.string ?? "")"
                }
                #expect(cluster.contains("context: stand-in: minikube wrote its kubeconfig entry"))
                #expect(cluster.contains("minikube: profile stand-in, driver docker"))
                #expect(cluster.contains { $0.hasPrefix("node: devloop-local: containerd://") })
                let checks = (report["checks"]?.array ?? []).compactMap { $0["name"]?.string }
                for name in [
                    "swift", "llvm-objcopy", "ldd", "agent", "disk", "inotify", "architecture", "nodes", "rights",
                ] {
                    #expect(checks.contains(name), "\(name)")
                }
                let text = try await Devloop.run(["doctor"], in: project.path, environment: minikube.environment)
                #expect(text.outputText.contains("not image_loader: the Devloopfile names none"))
            }
        }

        @Test func doctorWorksWithoutDevloopfileAndCluster() async throws {
            let folder = try TemporaryDirectory("nothing")
            try folder.write(
                "kubeconfig",
                """
                apiVersion: v1
                kind: Config
                current-context: devloop-local
                clusters: [{name: devloop-local, cluster: {server: "https://127.0.0.1:\(try freePort())"}}]
                users: [{name: u, user: {token: t}}]
                contexts: [{name: devloop-local, context: {cluster: devloop-local, user: u}}]
                """)
            let result = try await Devloop.run(
                ["doctor", "--json"], in: folder.path, environment: ["KUBECONFIG": folder("kubeconfig")])
            #expect(result.code == 4)
            let report = try JSONValue(parsing: result.stdout)
            #expect(report.at("error", "code") == "cluster-unreachable")
            let checks = report["checks"]?.array ?? []
            #expect(checks.contains { $0["name"] == "Devloopfile" && $0["state"] == "warning" })
            #expect(checks.contains { $0["name"] == "swift" && $0["state"] == "ok" })
        }

        @Test func doctorNamesWhatIsMissing() async throws {
            try await Cluster.run("missing") { cluster in
                let minikube = try StandInMinikube(cluster, driver: "docker", programs: [])
                let package = try TinyPackage()
                var environment = minikube.environment
                environment["PATH"] = minikube.folder("bin")
                let result = try await Devloop.run(["doctor", "--json"], in: package.path, environment: environment)
                #expect(result.code == 1)
                let checks = try JSONValue(parsing: result.stdout)["checks"]?.array ?? []
                for name in ["swift", "ldd", "delivery"] {
                    let check = checks.first { $0["name"]?.string == name }
                    #expect(check?["state"] == "broken", "\(name)")
                    #expect(check?["hint"]?.string?.isEmpty == false, "\(name)")
                }
            }
        }

        @Test func buildPacksAndDeliversNothing() async throws {
            let package = try TinyPackage()
            let alone = ["KUBECONFIG": "/nonexistent/kubeconfig"]
            let result = try await Devloop.run(["build", "--ui", "json"], in: package.path, environment: alone)
            #expect(result.code == 0, "\(result.errorText)")
            let events = try result.events()
            let kinds = events.compactMap { $0["kind"]?.string }
            #expect(kinds.first == "session.started" && kinds.last == "session.ended")
            #expect(events.last?["exit"] == 0)
            let packed = try #require(events.first { $0["kind"] == "image.packed" })
            #expect(packed["resource"] == "app")
            #expect(packed["image"]?.string?.hasPrefix("\(package.ref):devloop-") == true)
            #expect(!kinds.contains("image.delivered") && !kinds.contains("cluster.connected"))

            // The same again is the same image.
            let again = try await Devloop.run(["build", "app"], in: package.path, environment: alone)
            #expect(again.code == 0)
            #expect(again.outputText.contains("packed \(packed["image"]?.string ?? "")"), "\(again.outputText)")

            let unknown = try await Devloop.run(["build", "nobody"], in: package.path, environment: alone)
            #expect(unknown.code == 2)
            #expect(unknown.errorText.contains("there is no resource \"nobody\""))

            try package.folder.write("Sources/tiny/main.swift", "let number: Int = \"text\"\n")
            let broken = try await Devloop.run(["build", "--ui", "json"], in: package.path, environment: alone)
            #expect(broken.code == 1)
            let after = try broken.events()
            #expect(after.contains { $0["kind"] == "build.diagnosed" && $0["line"] == 1 })
            #expect(after.last?["exit"] == 1)
            #expect(broken.errorText.contains("main.swift:1:"))
        }

        @Test func renderWithoutBuildingAsksNobody() async throws {
            let package = try TinyPackage()
            let alone = ["KUBECONFIG": "/nonexistent/kubeconfig"]
            let result = try await Devloop.run(["render", "--no-build"], in: package.path, environment: alone)
            #expect(result.code == 0, "\(result.errorText)")
            #expect(result.outputText.contains("image: \(package.ref)\n"))
            #expect(result.outputText.contains("imagePullPolicy: IfNotPresent"))
            #expect(result.outputText.contains("devloop.dev/resource: app"))
            let exact = try await Devloop.run(["render"], in: package.path, environment: alone)
            #expect(exact.code == 4)
            #expect(exact.stdout.isEmpty)
            #expect(exact.errorText.contains("--no-build"))
        }
    }
}
