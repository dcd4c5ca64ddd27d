// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import KubeClient
import ProcessRunner
import Testing

/// Random edits and random faults under one session, which has to live through all of them, and to end as a fresh one
/// would begin. For a cluster of its own: `scripts/tests/fault-test` makes one.
@Suite(.serialized, .enabled(if: OwnCluster.isNamed), .timeLimit(.minutes(60)))
struct ClusterSoakTests {
    /// Seconds of the soak, and the number that all choices are made from.
    private static let seconds = Int(ProcessEnvironment.value("DEVLOOP_SOAK_SECONDS") ?? "") ?? 90
    private static let seed = UInt64(ProcessEnvironment.value("DEVLOOP_SOAK_SEED") ?? "") ?? 1

    @Test func aSessionOutlivesEverything() async throws {
        try await Cluster.run("soak") { cluster in
            let text = try TestFiles.read(cluster.kubeconfig)
            let selected = try KubeConfig.load([cluster.kubeconfig]).select()
            let server = selected.cluster.server
            let port = try #require(server.split(separator: ":").last.flatMap { Int($0) })
            let mode = SoakFaults.Mode()
            let proxy = try FaultProxy(to: port) { _ in mode.current }
            defer { proxy.stop() }
            var project = try SoakProject(port: try freePort(), context: selected.context.name)
            let faults = SoakFaults(proxy: proxy, mode: mode, cluster: cluster, token: project.token)
            let kubeconfig = try project.folder.write(
                "kubeconfig", text.replacing(server, with: "https://127.0.0.1:\(proxy.port)"))
            try await LiveDevloop.run(
                ["-n", cluster.namespace], in: project.path, environment: ["KUBECONFIG": kubeconfig]
            ) { live in
                for name in SoakProject.workloads { try await live.wait(name, is: "ready", deadline: .seconds(240)) }
                let address = try #require(
                    try await live.wait("forward.opened", resource: "page")["address"]?.string)
                var run = SoakRun(live: live, cluster: cluster, faults: faults, address: address, seed: Self.seed)
                try await run.settle(project)
                try await run.go(&project, for: .seconds(Self.seconds))
                #expect(run.journal.wrong.isEmpty, "\(run.journal.wrong.prefix(20))")
                #expect(live.strangeLines.isEmpty)
                #expect(run.journal.losses <= run.breaks, "\(run.journal.losses) losses told of \(run.breaks)")
                run.checkResources()
                run.sumUp()
                #expect(await live.interrupt() == .exited(130))
            }
            try await Self.isAsAFreshDeploy(project, cluster)
        }
    }

    /// The node says nothing any more: that is told of the Pods on it, by the cluster's own word, and taken back when the
    /// node is there again. The cluster waits for 40 seconds before it calls a node not ready.
    @Test func aNodeThatFallsSilentIsTold() async throws {
        try await Cluster.run("node") { cluster in
            let context = try KubeConfig.load([cluster.kubeconfig]).select().context.name
            let project = try Project(
                "allow_k8s_contexts('\(context)')\nk8s_yaml('app.yaml')\n", manifest: Project.sleeper)
            try await LiveDevloop.run(in: project.path, on: cluster) { live in
                try await live.wait("app", is: "ready")
                let before = live.last
                try OwnCluster.kill("kubelet")
                let told = try await live.wait(
                    "pod.changed", resource: "app", after: before, deadline: .seconds(120)
                ) { $0["reason"] == "NodeNotReady" }
                #expect(told["message"]?.string?.isEmpty == false)
                #expect(told["hint"]?.string?.isEmpty == false)
                try OwnCluster.up()
                try await live.wait("app", is: "ready", after: told["seq"]?.int ?? 0, deadline: .seconds(60))
                #expect(live.all("cluster.failed").isEmpty)
                #expect(await live.interrupt() == .exited(130))
            }
        }
    }

    /// What is in the cluster afterwards is what a session makes in an empty namespace.
    private static func isAsAFreshDeploy(_ project: SoakProject, _ cluster: Cluster) async throws {
        try await Cluster.run("fresh") { fresh in
            try await LiveDevloop.run(
                ["-n", fresh.namespace], in: project.path, environment: ["KUBECONFIG": fresh.kubeconfig]
            ) { live in
                for name in SoakProject.workloads { try await live.wait(name, is: "ready", deadline: .seconds(120)) }
                #expect(await live.interrupt() == .exited(130))
            }
            let wanted = try await objects(of: fresh)
            let found = try await objects(of: cluster)
            #expect(found.keys.sorted() == wanted.keys.sorted())
            for (name, object) in wanted { #expect(found[name] == object, "\(name)") }
            #expect(wanted.count >= 5)
        }
    }

    /// What was applied, by kind and name, without what the server adds.
    private static func objects(of cluster: Cluster) async throws -> [String: String] {
        var found: [String: String] = [:]
        for resource in [APIResource.deployments, .services, .configMaps] {
            for object in try await cluster.client.list(
                resource, namespace: cluster.namespace, labelSelector: "app.kubernetes.io/managed-by=devloop"
            ).items where object.at("metadata", "labels", "devloop.dev/inventory") == nil {
                found["\(resource.plural)/\(object.at("metadata", "name")?.string ?? "")"] = essence(object).jsonText
            }
        }
        return found
    }

    /// Without what the server adds, the name of the namespace, and what names an image: the same program may have come
    /// as an image or by sync, and which of them runs is asked of the Pods themselves.
    private static func essence(_ object: JSONValue) -> JSONValue {
        var object = object
        object["status"] = nil
        for key in [
            "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "namespace", "selfLink",
        ] {
            object["metadata"]?[key] = nil
        }
        for key in ["deployment.kubernetes.io/revision", "devloop.dev/created"] {
            object["metadata"]?["annotations"]?[key] = nil
        }
        for key in ["clusterIP", "clusterIPs"] { object["spec"]?[key] = nil }
        guard let pod = object.at("spec", "template", "spec") else { return object }
        object["spec"]?["template"]?["metadata"]?["annotations"]?["devloop.dev/generation"] = nil
        let containers = (pod["containers"]?.array ?? []).map { container in
            var container = container
            let image = container["image"]?.string ?? ""
            if image.hasPrefix("127.0.0.1:15000/") {
                container["image"] = .string(
                    String(image.prefix { $0 != "@" }.split(separator: ":").dropLast().joined(separator: ":")))
            }
            return container
        }
        object["spec"]?["template"]?["spec"]?["containers"] = .array(containers)
        return object
    }
}
