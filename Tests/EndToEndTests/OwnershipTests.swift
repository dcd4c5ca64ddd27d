// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// What belongs to a project, what is deleted, and sessions that meet.
    @Suite(.serialized)
    struct OwnershipTests {
        private static func map(_ name: String, _ annotations: String = "") -> String {
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: \(name), annotations: {\(annotations)}}, data: {x: '1'}}\n"
        }

        private static func devloop(
            _ command: String, _ project: Project, _ cluster: Cluster, _ words: [String] = []
        ) async throws -> ProcessResult {
            try await Devloop.run(
                [command, "-n", cluster.namespace] + words, in: project.path,
                environment: ["KUBECONFIG": cluster.kubeconfig])
        }

        /// Names of the ConfigMaps that tests make.
        private static func maps(_ cluster: Cluster) async throws -> [String] {
            try await cluster.client.list(.configMaps, namespace: cluster.namespace).items
                .compactMap { $0.at("metadata", "name")?.string }
                .filter { $0 != "kube-root-ca.crt" && !$0.hasPrefix("devloop-") }.sorted()
        }

        private static func inventories(_ cluster: Cluster) async throws -> [JSONValue] {
            try await cluster.client.list(
                .configMaps, namespace: cluster.namespace, labelSelector: "devloop.dev/inventory"
            ).items
        }

        @Test func whatLeftTheSpecBetweenSessionsIsPruned() async throws {
            try await Cluster.run("prune") { cluster in
                let project = try Project(
                    manifest: [Self.map("a"), Self.map("b"), Self.map("there")].joined(separator: "---\n"))
                _ = try await cluster.client.create(
                    ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "there"]],
                    namespace: cluster.namespace)
                #expect(try await Self.devloop("run", project, cluster).code == 0)
                let inventory = try #require(try await Self.inventories(cluster).first)
                #expect(inventory.at("data", "objects")?.string?.contains(#""name":"b""#) == true)
                #expect(inventory.at("data", "holder") == "{}")

                // One leaves the spec, and so does one that was there before.
                try project.folder.write("app.yaml", Self.map("a"))
                let second = try await Self.devloop("run", project, cluster, ["--ui", "json"])
                #expect(second.code == 0, "\(second.errorText)")
                #expect(
                    second.outputText.contains(#""kind":"object.pruned","object":"configmap/b""#),
                    "\(second.outputText)")
                #expect(try await Self.maps(cluster) == ["a", "there"])

                #expect(try await Self.devloop("down", project, cluster).code == 0)
                #expect(try await Self.maps(cluster) == ["there"])
                #expect(try await Self.inventories(cluster).isEmpty)
            }
        }

        @Test func downDeletesAlsoWhatTheSpecHasNoMore() async throws {
            try await Cluster.run("downleft") { cluster in
                let keep = "devloop.dev/down-policy: keep"
                let project = try Project(
                    manifest: [Self.map("a"), Self.map("b"), Self.map("c", keep)].joined(separator: "---\n"))
                #expect(try await Self.devloop("run", project, cluster).code == 0)
                try project.folder.write("app.yaml", [Self.map("a"), Self.map("c", keep)].joined(separator: "---\n"))
                let down = try await Self.devloop("down", project, cluster)
                #expect(down.code == 0, "\(down.errorText)")
                #expect(down.outputText == "configmap/a deleted\nconfigmap/b deleted\n")
                #expect(down.errorText.contains("configmap/c is kept"))
                #expect(try await Self.maps(cluster) == ["c"])
                // It is still known as ours.
                try project.folder.write("app.yaml", Self.map("c"))
                #expect(try await Self.devloop("run", project, cluster).code == 0)
                let last = try await Self.devloop("down", project, cluster)
                #expect(last.outputText == "configmap/c deleted\n")
                #expect(try await Self.inventories(cluster).isEmpty)
            }
        }

        @Test func aProjectLeavesThoseOfOthersAlone() async throws {
            try await Cluster.run("foreign") { cluster in
                let first = try Project(manifest: Self.map("a"))
                let second = try Project(manifest: Self.map("a"))
                #expect(try await Self.devloop("run", first, cluster).code == 0)
                // Nobody works on the first one now, so that the second may apply, and its maker stays.
                #expect(try await Self.devloop("run", second, cluster).code == 0)
                let down = try await Self.devloop("down", second, cluster)
                #expect(down.code == 0)
                #expect(down.outputText == "")
                #expect(try await Self.maps(cluster) == ["a"])

                try await LiveDevloop.run(in: first.path, on: cluster) { live in
                    try await live.wait("uncategorized", is: "ready")
                    let busy = try await Self.devloop("run", second, cluster)
                    #expect(busy.code == 1)
                    #expect(busy.errorText.contains("process \(live.pid)"), "\(busy.errorText)")
                    #expect(busy.errorText.contains("app.yaml:1"))
                    #expect(await live.interrupt() == .exited(130))
                }
                #expect(try await Self.devloop("down", first, cluster).outputText == "configmap/a deleted\n")
            }
        }

        /// The namespace's claim is free, the object's project is at work: the apply is what has to wait.
        @Test func anApplyWaitsForTheProjectThatWorksOnTheObject() async throws {
            try await Cluster.run("waits") { cluster in
                let (first, second) = (
                    try Project(manifest: Self.map("a")), try Project(manifest: "\n" + Self.map("a"))
                )
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                let words = ["-n", cluster.namespace]
                try await LiveDevloop.run(words, in: first.path, environment: environment) { live in
                    try await live.wait("uncategorized", is: "ready")
                    try await LiveDevloop.run(words, in: second.path, environment: environment) { other in
                        let held = try await other.wait("resource.held", resource: "uncategorized") {
                            $0["reason"]?.string?.contains("which is in use") == true
                        }
                        #expect(held["reason"]?.string?.contains("app.yaml:2") == true, "\(held.jsonText)")
                        #expect(held["reason"]?.string?.contains("process \(live.pid)") == true)
                        #expect(await live.interrupt() == .exited(130))
                        // Nothing is saved, and it goes on.
                        try await other.wait("uncategorized", is: "ready", deadline: .seconds(30))
                        let notices = other.all("resource.held", resource: "uncategorized").filter {
                            $0["reason"]?.string?.contains("which is in use") == true
                        }
                        #expect(notices.count == 1)
                        #expect(other.all("object.failed").isEmpty)
                        #expect(await other.interrupt() == .exited(130))
                    }
                }
            }
        }

        @Test func aSecondSessionIsToldWhoWorksHere() async throws {
            try await Cluster.run("busy") { cluster in
                let project = try Project(manifest: Self.map("a"))
                let environment = ["KUBECONFIG": cluster.kubeconfig]
                try await LiveDevloop.run(["-n", cluster.namespace], in: project.path, environment: environment) {
                    live in
                    try await live.wait("uncategorized", is: "ready")
                    let busy = try await Self.devloop("run", project, cluster)
                    #expect(busy.code == 1)
                    let words = "is in use here: devloop up of "
                    #expect(busy.errorText.contains(words), "\(busy.errorText)")
                    #expect(busy.errorText.contains(", process \(live.pid), since 20"))
                    #expect(busy.errorText.contains("hint: end that session"))

                    // Another `up` waits for its turn.
                    try await LiveDevloop.run(
                        ["-n", cluster.namespace], in: project.path, environment: environment
                    ) { second in
                        let held = try await second.wait("resource.held", resource: "uncategorized")
                        #expect(held["reason"]?.string?.contains(words) == true)
                        #expect(await live.interrupt() == .exited(130))
                        try await second.wait("uncategorized", is: "ready")

                        // One that is killed cannot say so; its process is gone, which is enough.
                        #expect(await second.kill() == .signalled(SIGKILL))
                    }
                    let third = try await Self.devloop("run", project, cluster)
                    #expect(third.code == 0, "\(third.errorText)")
                }
            }
        }

        @Test func withoutRightsOnConfigMapsEverythingElseWorks() async throws {
            try await Cluster.run("norights") { cluster in
                for (kind, extra) in [
                    (
                        "Role",
                        """
                        "rules":[{"apiGroups":["apps"],"resources":["deployments"],"verbs":["*"]},
                          {"apiGroups":[""],"resources":["pods","events","pods/log","nodes"],"verbs":["get","list","watch"]}]
                        """
                    ),
                    (
                        "RoleBinding",
                        """
                        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"few"},
                        "subjects":[{"kind":"ServiceAccount","name":"default","namespace":"\(cluster.namespace)"}]
                        """
                    ),
                    (
                        "ClusterRoleBinding",
                        """
                        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"system:node"},
                        "subjects":[{"kind":"ServiceAccount","name":"default","namespace":"\(cluster.namespace)"}]
                        """
                    ),
                ] {
                    let name = kind == "ClusterRoleBinding" ? cluster.namespace : "few"
                    _ = try await cluster.client.create(
                        JSONValue(
                            parsing: Array(
                                #"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"\#(kind)","metadata":{"name":"\#(name)"},\#(extra)}"#
                                    .utf8)), namespace: cluster.namespace)
                }
                let bindings = APIResource(
                    apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding",
                    plural: "clusterrolebindings",
                    isNamespaced: false)
                do {
                    let project = try Project(manifest: Project.sleeper)
                    try project.folder.write("kubeconfig", try await cluster.kubeconfigWithoutRights())
                    let result = try await Devloop.run(
                        ["run", "--ui", "json", "-n", cluster.namespace], in: project.path,
                        environment: ["KUBECONFIG": project.folder("kubeconfig")])
                    #expect(result.code == 0, "\(result.errorText)\n\(result.outputText.suffix(2000))")
                    #expect(result.outputText.contains("other sessions are not noticed"))
                    #expect(try await Self.inventories(cluster).isEmpty)
                } catch {
                    try await cluster.client.delete(bindings, name: cluster.namespace)
                    throw error
                }
                try await cluster.client.delete(bindings, name: cluster.namespace)
            }
        }
    }
}
