// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import KubeClient
import ProcessRunner
import SwiftBuilder
import Testing

extension EndToEnd {
    /// The sample system whole: six services on the cluster, asked by their own tests and driven as a user would, first from
    /// memory, then with real stores whose images this machine has made itself. One namespace and one build for all of it.
    @Suite(.serialized)
    struct DelinkciousTests {
        static let services = [
            "api-gateway", "link-checker", "link-manager", "news-manager", "social-graph-manager", "user-manager",
        ]
        static let scratch = "services/.build-devloop"
        static let stores = ["link-db", "nats-cluster", "news-manager-redis", "social-graph-db", "user-db"]

        @Test func theSmokeProgramPassesFromMemoryAndWithRealStores() async throws {
            let workspace = try await Workspace.open()
            // The gateway's table is about users whose names are hard to carry.
            try workspace.edit(
                "k8s/api-gateway/config.yaml", "liat:liat@example.com",
                "liat:liat@example.com,t1=Gigi Sayfan:g@x,t2=a/b 50%:l@x")
            try await Self.loadStoreImages()
            try await Cluster.run("delinkcious") { cluster in
                try await LiveDevloop.run(in: workspace.path, on: cluster) { live in
                    // A cold build of the services takes minutes.
                    for name in Self.services { try await live.wait(name, is: "ready", deadline: .seconds(600)) }
                    try await Self.buildClients(workspace)
                    try await Self.tables(workspace, cluster)
                    try await Self.smoke(workspace, try await Self.gateway(live))
                    #expect(await live.interrupt() == .exited(130))
                }
                try await LiveDevloop.run(
                    in: workspace.path, on: cluster, ["--", "--store", "ephemeral"]
                ) { live in
                    for name in Self.stores + Self.services {
                        try await live.wait(name, is: "ready", deadline: .seconds(120))
                    }
                    let gateway = try await Self.gateway(live)
                    try await Self.tables(workspace, cluster)
                    try await Self.smoke(workspace, gateway)
                    try await Self.dataIsWhereItBelongs(gateway, cluster)
                    #expect(await live.interrupt() == .exited(130))
                }
                try await Self.everyPolicyConcernsSomebody(cluster)
            }
        }

        /// As a user calls it. It finds the programs of this build, and the node may have the images already.
        private static func loadStoreImages() async throws {
            let result = try await ProcessRunner.run(
                ProcessCommand([
                    "\(Workspace.repository)/scripts/images", "--packer", BuiltProducts.path("devloop-pack"),
                ]))
            #expect(result.status.isSuccess, "\(result.errorText)")
        }

        static func gateway(_ live: LiveDevloop) async throws -> String {
            try #require(try await live.wait("forward.opened", resource: "api-gateway")["address"]?.string)
        }

        /// The smoke program and the services' tests, built as devloop builds the services, so that neither makes the other
        /// compile again.
        static func buildClients(_ workspace: Workspace) async throws {
            var build = ProcessCommand(
                ["swift", "build", "--package-path", workspace("services"), "--scratch-path", workspace(scratch)]
                    + BuildConfiguration.debug.flags + ["--build-tests"])
            build.environment = .exact(BuildEnvironment.filtered(ProcessEnvironment.current))
            let result = try await ProcessRunner.run(build)
            try #require(result.status.isSuccess, "\(result.outputText.suffix(2000))")
        }

        static func smoke(_ workspace: Workspace, _ gateway: String) async throws {
            let result = try await ProcessRunner.run(
                ProcessCommand([workspace("\(scratch)/debug/smoke"), "http://\(gateway)"]))
            #expect(result.status.isSuccess, "\(result.outputText)")
            #expect(result.outputText.split(separator: "\n").count { $0.hasPrefix("ok ") } == 12)
            #expect(result.outputText.hasSuffix("smoke: all passed\n"))
        }

        /// The tables of the services' own tests, row by row, against the Pods, by the addresses of their Services: a forward
        /// makes a process for each connection.
        private static func tables(_ workspace: Workspace, _ cluster: Cluster) async throws {
            var addresses: [String] = []
            for name in services {
                let service = try await cluster.client.get(.services, name: name, namespace: cluster.namespace)
                let host = try #require(service.at("spec", "clusterIP")?.string)
                let port = try #require(service.at("spec", "ports")?[0]?["port"]?.int)
                addresses.append("\(name)=\(host):\(port)")
            }
            let result = try await ProcessRunner.run(
                ProcessCommand(
                    [
                        workspace("\(scratch)/debug/delinkciousPackageTests.xctest"), "--testing-library",
                        "swift-testing", "--filter", "HTTPTests.PodTests",
                    ], environment: .inherit(adding: ["DELINKCIOUS_PODS": addresses.joined(separator: ",")])))
            let text = result.outputText + result.errorText
            #expect(result.status.isSuccess, "\(text.suffix(4000))")
            #expect(text.contains("Test run with 6 tests in 1 suite passed"), "\(text.suffix(1000))")
        }

        /// A link outlives its service's Pod, and becomes news of a follower, which Redis has.
        private static func dataIsWhereItBelongs(_ gateway: String, _ cluster: Cluster) async throws {
            let url = "http://127.0.0.1:1/kept"
            #expect(
                try await call("POST", gateway, "following?followed=gigi", token: "dev-liat").contains("\"err\":\"\""))
            #expect(try await call("POST", gateway, "links?title=t&url=\(url)").contains("\"err\":\"\""))
            let isNews = try await poll(deadline: .seconds(20), every: .milliseconds(200)) {
                let feed = try await ProcessRunner.run(
                    ProcessCommand(
                        [
                            "kubectl", "-n", cluster.namespace, "exec", "news-manager-redis-0", "--", "redis-cli",
                            "LRANGE", "liat", "0", "-1",
                        ], environment: .inherit(adding: ["KUBECONFIG": cluster.kubeconfig])))
                return feed.outputText.contains(url)
            }
            #expect(isNews)
            // The checker has looked, and has said over the bus that nothing is there.
            let isChecked = try await poll(deadline: .seconds(20), every: .milliseconds(200)) {
                try await call("GET", gateway, "links").contains("\"Status\":\"invalid\"")
            }
            #expect(isChecked)
            let before = try await linkPod(cluster)
            try await cluster.kubectl("-n", cluster.namespace, "delete", "pod", try #require(before), "--wait=false")
            let isThere = try await poll(deadline: .seconds(60), every: .milliseconds(200)) {
                guard let now = try await linkPod(cluster), now != before else { return false }
                return try await call("GET", gateway, "links").contains(url)
            }
            #expect(isThere)
        }

        private static func linkPod(_ cluster: Cluster) async throws -> String? {
            try await cluster.livePods().first {
                $0.at("metadata", "labels", "svc") == "link" && $0.at("metadata", "labels", "app") == "manager"
            }?
            .at("metadata", "name")?.string
        }

        /// The body of a call, empty when there is none.
        static func call(
            _ method: String, _ gateway: String, _ target: String, token: String = "dev-gigi"
        ) async throws -> String {
            var request = HTTPRequest("http://\(gateway)/v1/\(target)", method: method)
            request.headers["Access-Token"] = token
            request.deadline = .seconds(10)
            return (try? await HTTPClient().send(request))?.text ?? ""
        }

        /// The optional overlay is taken by the API server, and each of its selectors names Pods that are there.
        private static func everyPolicyConcernsSomebody(_ cluster: Cluster) async throws {
            let overlay = "\(Workspace.repository)/k8s/overlays/network-policies"
            let result = try await ProcessRunner.run(
                ProcessCommand(
                    [
                        "kubectl", "-n", cluster.namespace, "apply", "--dry-run=server", "-o", "json", "-f", overlay,
                    ], environment: .inherit(adding: ["KUBECONFIG": cluster.kubeconfig])))
            #expect(result.status.isSuccess, "\(result.errorText)")
            let policies = try JSONValue(parsing: result.stdout)["items"]?.array ?? []
            #expect(policies.count == 10)
            let pods = try await cluster.livePods().compactMap { $0.at("metadata", "labels")?.object }
            for policy in policies {
                let rules = policy.at("spec", "ingress")?.array ?? []
                let clients = rules.flatMap { $0["from"]?.array ?? [] }.map { $0["podSelector"] }
                for selector in [policy.at("spec", "podSelector")] + clients {
                    let labels = selector?["matchLabels"]?.object ?? JSONObject()
                    let isKnown = pods.contains { pod in labels.members.allSatisfy { pod[$0.key] == $0.value } }
                    #expect(isKnown, "\(policy.at("metadata", "name")?.string ?? "?"): \(labels)")
                }
            }
        }
    }
}
