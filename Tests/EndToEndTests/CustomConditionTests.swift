// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// Custom resources whose controller is the test.
    @Suite(.serialized)
    struct CustomConditionTests {
        private static func definition(_ group: String, plural: String = "things", kind: String = "Thing") -> String {
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: \(plural).\(group)}
            spec:
              group: \(group)
              scope: Namespaced
              names: {plural: \(plural), singular: \(plural.dropLast()), kind: \(kind)}
              versions:
                - name: v1
                  served: true
                  storage: true
                  subresources: {status: {}}
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec: {type: object, properties: {size: {type: integer}}}
                        status: {type: object, x-kubernetes-preserve-unknown-fields: true}

            """
        }

        private static func thing(_ group: String, size: Int) -> String {
            "---\n{apiVersion: \(group)/v1, kind: Thing, metadata: {name: one}, spec: {size: \(size)}}\n"
        }

        private static let spec = "k8s_yaml('app.yaml')\nk8s_resource(new_name='thing', objects=['one:thing'])\n"

        /// What a controller would write.
        private static func say(
            _ cluster: Cluster, _ group: String, _ conditions: [(String, String)], seen: Int
        ) async throws {
            let things = APIResource(apiVersion: "\(group)/v1", kind: "Thing", plural: "things")
            let list = conditions.map { type, status -> JSONValue in
                [
                    "type": .string(type), "status": .string(status), "reason": "Because",
                    "message": "said the test",
                ]
            }
            _ = try await cluster.client.patch(
                things, name: "one", namespace: cluster.namespace,
                ["status": ["observedGeneration": .int(seen), "conditions": .array(list)]], subresource: "status")
        }

        /// The definition stays behind when its project does not take it down.
        private static func down(_ project: Project, _ cluster: Cluster) async throws {
            let down = try await Devloop.run(
                ["down", "-n", cluster.namespace], in: project.path, environment: ["KUBECONFIG": cluster.kubeconfig])
            #expect(down.code == 0, "\(down.errorText)")
        }

        @Test func conditionsDecide() async throws {
            try await Cluster.run("condition") { cluster in
                let group = "\(cluster.namespace).example.com"
                let project = try Project(
                    Self.spec, manifest: Self.definition(group) + Self.thing(group, size: 1))
                do {
                    try await LiveDevloop.run(in: project.path, on: cluster) { live in
                        func told(_ state: String, _ reason: String, after: JSONValue) async throws -> JSONValue {
                            try await live.wait(
                                "resource.changed", resource: "thing", after: after["seq"]?.int ?? 0
                            ) {
                                $0["state"]?.string == state && $0["reason"]?.string?.contains(reason) ?? reason.isEmpty
                            }
                        }
                        // It says nothing of itself.
                        let ready = try await live.wait("thing", is: "ready")
                        try await Self.say(cluster, group, [("Ready", "False")], seen: 1)
                        let works = try await told(
                            "starting", "thing/one: Ready is False, Because: said the test", after: ready)
                        try await Self.say(cluster, group, [("Ready", "True")], seen: 1)
                        let again = try await told("ready", "", after: works)
                        try await Self.say(cluster, group, [("Ready", "False"), ("Stalled", "True")], seen: 1)
                        let stalled = try await told(
                            "failed", "thing/one: Stalled is True, Because: said the test", after: again)
                        #expect(stalled["hint"]?.string?.contains("controller") == true)

                        // Until its controller has seen a change, what it said is old.
                        try await Self.say(cluster, group, [("Ready", "True")], seen: 1)
                        let well = try await told("ready", "", after: stalled)
                        try project.folder.write(
                            "app.yaml", Self.definition(group) + Self.thing(group, size: 2))
                        let changed = try await told("starting", "has not seen the change yet", after: well)
                        try await Self.say(cluster, group, [("Ready", "True")], seen: 2)
                        _ = try await told("ready", "", after: changed)
                        #expect(await live.interrupt() == .exited(130))
                    }
                    // A headless run ends with the controller's words, and does not wait for its timeout.
                    try await Self.say(cluster, group, [("Stalled", "True")], seen: 2)
                    let run = try await Devloop.run(
                        ["run", "-n", cluster.namespace], in: project.path,
                        environment: ["KUBECONFIG": cluster.kubeconfig])
                    #expect(run.code == 1)
                    #expect(run.errorText.contains("Stalled is True, Because: said the test"), "\(run.errorText)")
                } catch {
                    try await Self.down(project, cluster)
                    throw error
                }
                try await Self.down(project, cluster)
            }
        }

        @Test func aDefinitionWhoseNamesAreTakenIsAFailure() async throws {
            try await Cluster.run("names") { cluster in
                let group = "\(cluster.namespace).example.com"
                let project = try Project(
                    manifest: Self.definition(group) + "---\n"
                        + Self.definition(group, plural: "others", kind: "Thing"))
                do {
                    let events = try await Devloop.events(of: project, cluster, expecting: 1)
                    let failed = try #require(events.first { $0["kind"] == "object.failed" })
                    #expect(failed["message"]?.string?.contains("already in use") == true, "\(failed.jsonText)")
                    #expect(failed["object"]?.string?.hasPrefix("customresourcedefinition/") == true)
                    #expect(failed["file"]?.string?.hasSuffix("app.yaml") == true)
                    #expect(failed["line"]?.int != nil)
                } catch {
                    try await Self.down(project, cluster)
                    throw error
                }
                try await Self.down(project, cluster)
            }
        }
    }
}
