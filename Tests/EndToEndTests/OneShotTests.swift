// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// `run`, `ci` and `down`.
    @Suite(.serialized)
    struct OneShotTests {
        @Test func runDeploysTheServicesAndEnds() async throws {
            let workspace = try await Workspace.open()
            try await Cluster.run("run") { cluster in
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                // The first release build of the services takes many minutes.
                let words = ["run", "--timeout", "25m", "--ui", "json", "-n", cluster.namespace]
                let first = try await Devloop.run(words, in: workspace.path, environment: environment)
                #expect(first.code == 0, "\(first.errorText)\(first.outputText.suffix(3000))")
                let events = try first.events()
                #expect(events.last?["kind"] == "session.ended")
                #expect(events.last?["exit"] == 0)
                let names = ["link-manager", "social-graph-manager"]
                for name in names {
                    let deployment = try await cluster.client.get(
                        .deployments, name: name, namespace: cluster.namespace)
                    #expect(try await cluster.becomesAvailable(name))
                    // One-shot images have no agent: the kubelet's own judgement counts.
                    let container = deployment.at("spec", "template", "spec", "containers")?[0]
                    #expect(container?["command"] == nil)
                    #expect(container?["imagePullPolicy"] == "IfNotPresent")
                    #expect(container?["image"]?.string?.contains(":devloop-") == true)
                }

                // The same again changes nothing.
                let second = try await Devloop.run(words, in: workspace.path, environment: environment)
                #expect(second.code == 0, "\(second.errorText)")
                let results = try second.events().filter { $0["kind"] == "object.applied" }
                #expect(!results.isEmpty)
                #expect(results.allSatisfy { $0["result"] == "unchanged" })

                // What devloop did not make, it does not take down.
                _ = try await cluster.client.create(
                    ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "mine"]],
                    namespace: cluster.namespace)
                let down = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: workspace.path, environment: environment)
                #expect(down.code == 0, "\(down.errorText)")
                #expect(down.outputText.contains("deployment/link-manager deleted"))
                for name in names {
                    #expect(try await !cluster.exists(.deployments, name))
                    #expect(try await !cluster.exists(.services, name))
                }
                #expect(try await cluster.exists(.configMaps, "mine"))
            }
        }

        @Test func downLeavesWhatWasThereBefore() async throws {
            try await Cluster.run("down") { cluster in
                let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: '1'}\n"
                let project = try Project(manifest: manifest)
                _ = try await cluster.client.create(
                    ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings"], "data": ["b": "2"]],
                    namespace: cluster.namespace)
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                for command in ["run", "down"] {
                    let result = try await Devloop.run(
                        [command, "-n", cluster.namespace], in: project.path, environment: environment)
                    #expect(result.code == 0, "\(result.errorText)")
                }
                let map = try await cluster.client.get(.configMaps, name: "settings", namespace: cluster.namespace)
                #expect(map.at("data", "b") == "2")
            }
        }

        @Test func ciEndsAtACrashLoopWithItsCause() async throws {
            try await Cluster.run("ci") { cluster in
                let project = try Project(
                    manifest: Project.deployment(
                        command: ["/bin/busybox", "sh", "-c", "echo no database at db:5432; exit 7"]))
                let start = ContinuousClock.now
                let result = try await Devloop.run(
                    ["ci", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                // Told, not judged: the goal is the second crash, 15 s.
                print("a crash loop was told after \(ContinuousClock.now - start)")
                #expect(result.code == 1)
                #expect(result.errorText.contains("app ended with exit code 7"))
                #expect(result.errorText.contains("no database at db:5432"))
                #expect(result.errorText.contains("hint:"))
            }
        }

        @Test func ciDeletesWhenAsked() async throws {
            try await Cluster.run("cidelete") { cluster in
                let project = try Project(manifest: Project.sleeper)
                let result = try await Devloop.run(
                    ["ci", "--on-exit", "delete", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(result.code == 0, "\(result.errorText)")
                #expect(try await !cluster.exists(.deployments, "app"))
            }
        }

        @Test func aFailedBuildEndsRunWithItsPlace() async throws {
            let workspace = try await Workspace.open()
            let file = "services/Sources/social_graph_service/Banner.swift"
            try await Cluster.run("broken") { cluster in
                let text = try TestFiles.read(workspace(file))
                try TestFiles.write(workspace(file), text + "let broken: Int = \"text\"\n")
                let result = try await Devloop.run(
                    ["run", "-n", cluster.namespace], in: workspace.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(result.code == 1)
                #expect(result.errorText.contains("social_graph_service/Banner.swift:5:19: cannot convert value"))
                #expect(try await !cluster.exists(.deployments, "social-graph-manager"))
            }
            try await workspace.restore()
        }
    }
}
