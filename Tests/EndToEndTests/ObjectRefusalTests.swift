// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import Testing

extension EndToEnd {
    /// Objects that the server refuses, each for a reason of its own.
    @Suite(.serialized)
    struct ObjectRefusalTests {
        struct Refused: Sendable, CustomTestStringConvertible {
            var testDescription: String
            /// Made before, as JSON; `NAMESPACE` stands for that of the test.
            var before: String?
            var manifest: String
            var message: String
            var hint: String
        }

        static let refusals: [Refused] = [
            Refused(
                testDescription: "over a quota",
                before:
                    #"{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"few"},"spec":{"hard":{"services":"0"}}}"#,
                manifest: "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{port: 80}]}}",
                message: "exceeded quota: few", hint: "kubectl describe resourcequota"),
            Refused(
                testDescription: "too large",
                manifest:
                    "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {x: \(String(repeating: "0123456789", count: 120_000))}}",
                message: "Too long", hint: "about 1 MiB"),
            Refused(
                testDescription: "a typing error",
                manifest: "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {port: [{port: 80}]}}",
                message: "field not declared in schema", hint: "typing error"),
            Refused(
                testDescription: "a namespace that is not there",
                manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: not-there-at-all}}",
                message: #"namespaces "not-there-at-all" not found"#, hint: "create it"),
            Refused(
                testDescription: "a value that is not valid",
                manifest: "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{port: 99999}]}}",
                message: "spec.ports[0].port", hint: "mend the named fields"),
            Refused(
                testDescription: "a kind that is not there",
                manifest: "{apiVersion: example.com/v1, kind: Nothing, metadata: {name: x}}",
                message: "no kind 'Nothing'", hint: "CustomResourceDefinition"),
            Refused(
                testDescription: "a webhook that does not answer",
                before: #"""
                    {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration",
                     "metadata":{"name":"NAMESPACE"},"webhooks":[{"name":"gone.example.com","sideEffects":"None",
                     "admissionReviewVersions":["v1"],"failurePolicy":"Fail","timeoutSeconds":1,
                     "namespaceSelector":{"matchLabels":{"test":"NAMESPACE"}},
                     "clientConfig":{"service":{"namespace":"NAMESPACE","name":"gone"}},
                     "rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["services"]}]}]}
                    """#,
                manifest: "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{port: 80}]}}",
                message: "gone.example.com", hint: "webhook does not answer"),
        ]

        @Test(arguments: refusals) func aRefusalHasItsPlaceAndAHint(_ item: Refused) async throws {
            try await Cluster.run("refusal") { cluster in
                _ = try await cluster.client.patch(
                    .namespaces, name: cluster.namespace,
                    ["metadata": ["labels": ["test": .string(cluster.namespace)]]])
                let webhooks = APIResource(
                    apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration",
                    plural: "validatingwebhookconfigurations", isNamespaced: false)
                if let before = item.before {
                    let text = before.replacing("NAMESPACE", with: cluster.namespace)
                    _ = try await cluster.client.create(
                        try JSONValue(parsing: Array(text.utf8)), namespace: cluster.namespace)
                }
                let project = try Project(manifest: "# one line before\n\(item.manifest)\n")
                let events: [JSONValue]
                do {
                    if item.before?.contains("Webhook") == true {
                        #expect(try await cluster.refusesServices())
                    }
                    events = try await Devloop.events(of: project, cluster, expecting: 1)
                } catch {
                    try await cluster.client.delete(webhooks, name: cluster.namespace)
                    throw error
                }
                try await cluster.client.delete(webhooks, name: cluster.namespace)
                let failed = try #require(events.first { $0["kind"] == "object.failed" })
                #expect(failed["message"]?.string?.contains(item.message) == true, "\(failed.jsonText)")
                #expect(failed["hint"]?.string?.contains(item.hint) == true, "\(failed.jsonText)")
                #expect(failed["file"]?.string?.hasSuffix("app.yaml") == true)
                #expect(failed["line"] == 2)
                #expect(events.last?["exit"] == 1)
            }
        }

        @Test func oneRefusalDoesNotHideTheOthers() async throws {
            try await Cluster.run("several") { cluster in
                let project = try Project(
                    manifest: (0..<12).map { number in
                        "{apiVersion: v1, kind: Service, metadata: {name: s\(number)}, spec: {ports: [{port: \(number % 3 == 0 ? 99999 : 80)}]}}"
                    }.joined(separator: "\n---\n"))
                let events = try await Devloop.events(of: project, cluster, expecting: 1)
                #expect(events.filter { $0["kind"] == "object.failed" }.count == 4)
                #expect(events.filter { $0["kind"] == "object.applied" }.count == 8)
                #expect(events.last?["reason"]?.string?.contains("(and 3 more)") == true)
            }
        }
    }
}
