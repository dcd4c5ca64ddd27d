// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Webhooks of others that deny objects, or do not answer.
    @Suite(.serialized)
    struct WebhookTests {
        private static let webhooks = APIResource(
            apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration",
            plural: "validatingwebhookconfigurations", isNamespaced: false)

        private static let service = "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{port: 80}]}}"

        /// Runs `body` while a webhook is asked about Services and Pods of the namespace; its configuration goes in any
        /// case.
        private static func guarded(
            _ cluster: Cluster, _ client: JSONValue, _ body: () async throws -> Void
        ) async throws {
            _ = try await cluster.client.patch(
                .namespaces, name: cluster.namespace, ["metadata": ["labels": ["test": .string(cluster.namespace)]]])
            let webhook: JSONValue = [
                "name": "team.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                "failurePolicy": "Fail", "timeoutSeconds": 2, "clientConfig": client,
                "namespaceSelector": ["matchLabels": ["test": .string(cluster.namespace)]],
                "rules": [
                    [
                        "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                        "resources": ["services", "pods"],
                    ]
                ],
            ]
            do {
                _ = try await cluster.client.create([
                    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                    "metadata": ["name": .string(cluster.namespace)], "webhooks": [webhook],
                ])
                #expect(try await cluster.refusesServices())
                try await body()
            } catch {
                try await cluster.client.delete(webhooks, name: cluster.namespace)
                throw error
            }
            try await cluster.client.delete(webhooks, name: cluster.namespace)
        }

        private static func url(_ port: Int) -> JSONValue { .string("https://127.0.0.1:\(port)/check") }

        @Test(arguments: ["run", "ci"]) func aDenialHasTheWebhooksNameAndWords(_ command: String) async throws {
            try await Cluster.run("denied") { cluster in
                try await AdmissionServer.run { server in
                    let bundle = Base64.encode(Array(server.certificate.utf8))
                    try await Self.guarded(
                        cluster, ["url": Self.url(server.port), "caBundle": .string(bundle)]
                    ) {
                        let project = try Project(manifest: "# one line before\n\(Self.service)\n")
                        let result = try await Devloop.run(
                            [command, "-n", cluster.namespace], in: project.path,
                            environment: ["KUBECONFIG": cluster.kubeconfig])
                        #expect(result.code == 1)
                        for words in [
                            "app.yaml:2", "admission webhook \"team.example.com\" denied the request",
                            "a Service needs the label team", "the rule is that webhook's",
                        ] {
                            #expect(result.errorText.contains(words), "\(words)\n\(result.errorText)")
                        }
                    }
                }
            }
        }

        @Test func upTellsADenialAndWhyNoPodIsMade() async throws {
            try await Cluster.run("deniedup") { cluster in
                try await AdmissionServer.run { server in
                    let bundle = Base64.encode(Array(server.certificate.utf8))
                    try await Self.guarded(
                        cluster, ["url": Self.url(server.port), "caBundle": .string(bundle)]
                    ) {
                        let project = try Project(manifest: "# one line before\n\(Self.service)\n")
                        try await LiveDevloop.run(
                            ["-n", cluster.namespace], in: project.path,
                            environment: ["KUBECONFIG": cluster.kubeconfig]
                        ) { live in
                            let failed = try await live.wait("object.failed", resource: "uncategorized")
                            let message = failed["message"]?.string ?? ""
                            #expect(message.contains("\"team.example.com\" denied the request"), "\(message)")
                            #expect(message.contains("a Service needs the label team"))
                            #expect(failed["file"]?.string?.hasSuffix("app.yaml") == true)
                            #expect(failed["line"] == 2)

                            // The Deployment itself is taken; its controller is refused the Pod.
                            try project.folder.write("app.yaml", Project.sleeper)
                            try await live.wait("resource.changed", resource: "app") {
                                $0["state"] == "failed"
                                    && $0["reason"]?.string?.contains("a Pod needs the label team") == true
                                    && $0["reason"]?.string?.contains("\"team.example.com\"") == true
                            }
                            #expect(await live.interrupt() == .exited(130))
                        }
                    }
                }
            }
        }

        @Test func aWebhookThatCannotBeReachedIsNamed() async throws {
            try await Cluster.run("deaf") { cluster in
                let port = try freePort()
                try await Self.guarded(cluster, ["url": Self.url(port)]) {
                    let project = try Project(manifest: "# one line before\n\(Self.service)\n")
                    let events = try await Devloop.events(of: project, cluster, expecting: 1)
                    let failed = try #require(events.first { $0["kind"] == "object.failed" })
                    let message = failed["message"]?.string ?? ""
                    #expect(message.contains("failed calling webhook \"team.example.com\""), "\(message)")
                    #expect(message.contains("connection refused"), "\(message)")
                    #expect(failed["hint"]?.string?.contains("webhook does not answer") == true)
                    #expect(failed["line"] == 2)
                }
            }
        }
    }
}
