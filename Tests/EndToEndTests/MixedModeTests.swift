// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Some resources as programs of this machine, against the real cluster for the rest.
    @Suite(.serialized)
    struct MixedModeTests {
        private static let settings = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data:
              PORT: "18110"
            ---

            """

        @Test func whatRunsHereUsesTheServicesAndTheConfigurationOfTheCluster() async throws {
            let project = try LocalProject(
                """
                k8s_yaml('app.yaml')
                k8s_resource('front', port_forwards='18110:18110', resource_deps=['back'])
                """,
                manifests: Self.settings
                    + LocalProject.deployment(
                        "front", port: 18_110,
                        container: """
                            envFrom: [{configMapRef: {name: settings}}]
                            env:
                              - {name: BACK, value: "http://back:80"}
                              - {name: WORD, valueFrom: {configMapKeyRef: {name: theirs, key: word}}}
                            """)
                    + LocalProject.deployment(
                        "back", port: 18_110,
                        container: """
                            envFrom: [{configMapRef: {name: settings}}]
                            env: [{name: ANY, value: "1"}]
                            """) + LocalProject.service("back", port: 80))
            try await Cluster.run("mixed") { cluster in
                // Nothing of the plan: it is there already.
                try await cluster.kubectl(
                    "create", "-n", cluster.namespace, "configmap", "theirs", "--from-literal=word=from-the-cluster")
                try await LiveDevloop.run(in: project.path, on: cluster, ["--local", "front"]) { live in
                    for name in ["back", "front"] { try await live.wait(name, is: "ready", deadline: .seconds(240)) }
                    // One is in the cluster, the other is not.
                    #expect(try await cluster.exists(.deployments, "back"))
                    #expect(try await !cluster.exists(.deployments, "front"))
                    let address = try #require(
                        try await live.wait("forward.opened", resource: "front")["address"]?.string)
                    #expect(await Address.get(address, "/WORD") == "from-the-cluster")
                    let port = try #require(await Address.get(address, "/BACK_SERVICE_PORT"))
                    #expect(await Address.get(address, "/BACK") == "http://127.0.0.1:\(port)")
                    #expect(await Address.get(address, "/through/BACK") == "teller one")

                    // A save comes to both.
                    let before = live.last
                    try project.write("two")
                    for name in ["front", "back"] {
                        let served = try await live.wait(
                            "save.served", resource: name, after: before, deadline: .seconds(60))
                        #expect(served["way"]?.string == "sync")
                    }
                    #expect(await Address.get(address) == "teller two")
                    #expect(await Address.get(address, "/through/BACK") == "teller two")
                    #expect(live.strangeLines.isEmpty)
                    #expect(await live.interrupt() == .exited(130))
                    #expect(await Address.get(address) == nil)
                }
                #expect(try await cluster.exists(.deployments, "back"))
            }
        }
    }
}
