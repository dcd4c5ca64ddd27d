// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

/// The cluster is deleted under a session, and another one is made at its address: other certificates, no objects, no
/// images on the node or in the registry. For a cluster of its own: `scripts/tests/fault-test` makes one.
@Suite(.serialized, .enabled(if: OwnCluster.isNamed), .timeLimit(.minutes(10)))
struct NewClusterTests {
    private static let namespace = "devloop-e2e-anew"

    @Test func aSessionBringsEverythingToANewCluster() async throws {
        let kubeconfig = try Cluster.path()
        let context = try KubeConfig.load([kubeconfig]).select().context.name
        var project = try SoakProject(port: try freePort(), context: context)
        try await Self.makeNamespace(kubeconfig)
        try await LiveDevloop.run(
            ["-n", Self.namespace], in: project.path, environment: ["KUBECONFIG": kubeconfig]
        ) { live in
            for name in SoakProject.workloads { try await live.wait(name, is: "ready", deadline: .seconds(240)) }
            let before = live.last
            try OwnCluster.replace()
            try await Self.makeNamespace(kubeconfig)
            for name in SoakProject.workloads {
                try await live.wait(name, is: "ready", after: before, deadline: .seconds(120))
            }
            // What is told is so: the Pods are there, and a save reaches them.
            let client = try KubeClient(config: try KubeConfig.load([kubeconfig]))
            for name in SoakProject.workloads {
                let deployment = try await client.get(.deployments, name: name, namespace: Self.namespace)
                #expect(deployment.at("status", "readyReplicas")?.int == 1, "\(name)")
            }
            let save = live.last
            try project.change { $0.word = 1 }
            try await live.wait("log.written", resource: "soak", after: save) { $0["text"] == "soak 1" }
            #expect(live.all("cluster.failed", after: before).isEmpty == false)
            #expect(live.strangeLines.isEmpty)
            #expect(await live.interrupt() == .exited(130))
        }
    }

    private static func makeNamespace(_ kubeconfig: String) async throws {
        let made = try await ProcessRunner.run(
            ProcessCommand(
                ["kubectl", "create", "namespace", namespace],
                environment: .inherit(adding: ["KUBECONFIG": kubeconfig])))
        try #require(made.status.isSuccess, "\(made.errorText)")
    }
}
