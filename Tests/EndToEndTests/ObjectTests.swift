// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import DevloopTestSupport
import KubeClient
import ProcessRunner
import Testing

extension EndToEnd {
    /// How objects come to the cluster: order, and changes that are no changes in place.
    @Suite(.serialized)
    struct ObjectTests {
        /// What happened to each object: `job/a` and `created`.
        private static func results(_ events: [JSONValue]) -> [String: String] {
            events.filter { $0["kind"] == "object.applied" }.reduce(into: [:]) { results, event in
                results[event["object"]?.string ?? ""] = event["result"]?.string
            }
        }

        private static func busybox(_ words: String, policy: String = "Always") -> String {
            """
            terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, restartPolicy: \(policy),
                containers: [{name: main, image: '\(Cluster.busybox)', command: ['/bin/busybox', \(words)]}]
            """
        }

        private static func object(_ resource: APIResource, _ name: String, _ cluster: Cluster) async throws
            -> JSONValue
        {
            try await cluster.client.get(resource, name: name, namespace: cluster.namespace)
        }

        private static func uid(_ resource: APIResource, _ name: String, _ cluster: Cluster) async throws -> String? {
            try await object(resource, name, cluster).at("metadata", "uid")?.string
        }

        // MARK: Order

        @Test func whatOthersNeedIsThereFirst() async throws {
            try await Cluster.run("order") { cluster in
                let group = "\(cluster.namespace).example.com"
                let namespace = "\(cluster.namespace)-own"
                // Backwards: nothing here would be taken in the order in which it is written.
                let project = try Project(
                    manifest: """
                        {apiVersion: v1, kind: Pod, metadata: {name: app, namespace: \(namespace)}, spec: {
                            \(Self.busybox("sleep, '3600'"))}}
                        ---
                        {apiVersion: \(group)/v1, kind: Thing, metadata: {name: one, namespace: \(namespace)}, spec: {size: 1}}
                        ---
                        {apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: \(namespace)}}
                        ---
                        apiVersion: apiextensions.k8s.io/v1
                        kind: CustomResourceDefinition
                        metadata: {name: things.\(group)}
                        spec:
                          group: \(group)
                          scope: Namespaced
                          names: {plural: things, singular: thing, kind: Thing}
                          versions:
                            - name: v1
                              served: true
                              storage: true
                              schema:
                                openAPIV3Schema:
                                  type: object
                                  properties: {spec: {type: object, properties: {size: {type: integer}}}}
                        ---
                        {apiVersion: v1, kind: Namespace, metadata: {name: \(namespace)}}
                        """)
                try project.folder.write(
                    "Devloopfile",
                    "k8s_yaml('app.yaml')\nk8s_resource('app', objects=['settings', 'one', 'things.\(group)', '\(namespace)'])\n"
                )
                let first = Self.results(try await Devloop.events(of: project, cluster))
                #expect(first.count == 5)
                #expect(first.values.allSatisfy { $0 == "created" }, "\(first)")
                let second = Self.results(try await Devloop.events(of: project, cluster))
                #expect(second.values.allSatisfy { $0 == "unchanged" }, "\(second)")

                let down = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(down.code == 0, "\(down.errorText)")
                #expect(down.outputText.contains("thing/one deleted"))
                #expect(down.outputText.contains("customresourcedefinition/things.\(group) deleted"))
                // The namespace takes a while to end; the same again waits for that and makes all of it anew.
                let third = Self.results(try await Devloop.events(of: project, cluster))
                #expect(third.count == 5)
                #expect(third.values.allSatisfy { $0 == "created" }, "\(third)")
                _ = try await Devloop.run(
                    ["down", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
            }
        }

        @Test func renderPrintsWhatIsApplied() async throws {
            try await Cluster.run("render") { cluster in
                let template = """
                    template: {metadata: {labels: {app: web}}, spec: {
                        terminationGracePeriodSeconds: 0, automountServiceAccountToken: false,
                        volumes: [{name: settings, configMap: {name: settings}}],
                        initContainers: [{name: first, image: '\(Cluster.busybox)', command: ['/bin/busybox', 'true']}],
                        containers: [{name: main, image: '\(Cluster.busybox)', command: ['/bin/busybox', sleep, '3600'],
                            ports: [{containerPort: 80}], resources: {requests: {cpu: 1m}}}]}}
                    """
                let selector = "selector: {matchLabels: {app: web}}"
                let project = try Project(
                    manifest: """
                        {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: '1'}}
                        ---
                        {apiVersion: v1, kind: Secret, metadata: {name: keys, creationTimestamp: null}, stringData: {b: '2'}}
                        ---
                        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}
                        ---
                        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {\(selector), \(template)}}
                        ---
                        {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {serviceName: web, \(selector), \(template)}}
                        ---
                        {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: web}, spec: {\(selector), \(template)}}
                        ---
                        {apiVersion: batch/v1beta1, kind: CronJob, metadata: {name: web}, spec: {schedule: '0 0 1 1 *', jobTemplate: {
                            spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: '\(Cluster.busybox)'}]}}}}}}
                        """)
                _ = try await Devloop.events(of: project, cluster)
                let rendered = try await Devloop.run(
                    ["render", "--json", "-n", cluster.namespace], in: project.path,
                    environment: ["KUBECONFIG": cluster.kubeconfig])
                #expect(rendered.code == 0, "\(rendered.errorText)")
                let objects = try JSONValue(parsing: rendered.stdout)["items"]?.array ?? []
                #expect(objects.count == 7)
                for var object in objects {
                    let kind = object["kind"]?.string ?? ""
                    let resource = try await cluster.client.resource(
                        apiVersion: object["apiVersion"]?.string ?? "", kind: kind)
                    let live = try await Self.object(resource, object.at("metadata", "name")?.string ?? "", cluster)
                    // What only an apply can know: that it was not there before.
                    let created = live.at("metadata", "annotations", "devloop.dev/created")
                    #expect(created?.string?.hasPrefix("\(cluster.namespace)/") == true)
                    object["metadata"]?["annotations"] = .object(["devloop.dev/created": created ?? .null])
                    #expect(AppliedState.isCurrent(object, live: live, manager: "devloop"), "\(kind): \(live.jsonText)")
                }
            }
        }

        // MARK: Changes that are no changes in place

        @Test func aJobRunsOnceForEachChange() async throws {
            try await Cluster.run("job") { cluster in
                let project = try Project()
                func write(_ word: String) throws {
                    try project.folder.write(
                        "app.yaml",
                        """
                        {apiVersion: batch/v1, kind: Job, metadata: {name: migrate}, spec: {template: {spec: {
                            \(Self.busybox("echo, \(word)", policy: "Never"))}}}}
                        """)
                }
                try write("one")
                #expect(Self.results(try await Devloop.events(of: project, cluster)) == ["job/migrate": "created"])
                let first = try await Self.uid(.jobs, "migrate", cluster)
                #expect(try await Self.object(.jobs, "migrate", cluster).at("status", "succeeded") == 1)
                // It has ended, and is as it should be.
                #expect(Self.results(try await Devloop.events(of: project, cluster)) == ["job/migrate": "unchanged"])
                #expect(try await Self.uid(.jobs, "migrate", cluster) == first)

                try write("two")
                let events = try await Devloop.events(of: project, cluster)
                #expect(Self.results(events) == ["job/migrate": "recreated"])
                let told = try #require(events.first { $0["kind"] == "object.applied" })
                #expect(told["reason"]?.string?.contains("field is immutable") == true)
                #expect(try await Self.uid(.jobs, "migrate", cluster) != first)
                #expect(try await Self.object(.jobs, "migrate", cluster).at("status", "succeeded") == 1)
            }
        }

        @Test func whatCannotBeChangedIsMadeAnew() async throws {
            try await Cluster.run("immutable") { cluster in
                let project = try Project()
                func write(_ label: String) throws {
                    let template = """
                        selector: {matchLabels: {app: \(label)}}, template: {metadata: {labels: {app: \(label)}}, spec: {
                            \(Self.busybox("sleep, '3600'"))}}
                        """
                    try project.folder.write(
                        "app.yaml",
                        """
                        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {\(template)}}
                        ---
                        {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: \(label), \(template)}}
                        ---
                        {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: log}, spec: {\(template)}}
                        ---
                        {apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: set}, spec: {selector: {matchLabels: {app: set}},
                            template: {metadata: {labels: {app: set}}, spec: {
                            \(Self.busybox("sleep, '36\(label == "one" ? 1 : 2)'"))}}}}
                        ---
                        {apiVersion: v1, kind: Pod, metadata: {name: lone}, spec: {
                            \(Self.busybox("sleep, '36\(label == "one" ? 1 : 2)'"))}}
                        ---
                        apiVersion: rbac.authorization.k8s.io/v1
                        kind: RoleBinding
                        metadata: {name: rights}
                        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: \(label)}
                        subjects: [{kind: ServiceAccount, name: default}]
                        """)
                }
                try write("one")
                let created = Self.results(try await Devloop.events(of: project, cluster))
                #expect(created.count == 6)
                #expect(created.values.allSatisfy { $0 == "created" }, "\(created)")
                try write("two")
                let changed = Self.results(try await Devloop.events(of: project, cluster))
                #expect(changed.count == 6)
                #expect(changed.values.allSatisfy { $0 == "recreated" }, "\(changed)")
                let pod = try await Self.object(.pods, "lone", cluster)
                #expect(pod.at("spec", "containers")?[0]?["command"]?[2] == "362")
            }
        }

        @Test func whatDevloopDidNotMakeOrHoldsDataIsNotMadeAnew() async throws {
            try await Cluster.run("refuse") { cluster in
                let project = try Project(
                    manifest: """
                        {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {
                            accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}}
                        """)
                _ = try await Devloop.events(of: project, cluster)
                let claim = try await Self.uid(.persistentVolumeClaims, "data", cluster)
                try project.folder.write(
                    "app.yaml",
                    try TestFiles.read(project.folder("app.yaml")).replacing("ReadWriteOnce", with: "ReadOnlyMany"))
                let kept = try await Devloop.events(of: project, cluster, expecting: 1)
                let failed = try #require(kept.first { $0["kind"] == "object.failed" })
                #expect(failed["hint"]?.string?.contains("keeps data") == true)
                #expect(failed["file"]?.string?.hasSuffix("app.yaml") == true)
                #expect(try await Self.uid(.persistentVolumeClaims, "data", cluster) == claim)

                // A Job that somebody else has made.
                let job: JSONValue = [
                    "apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": "other"],
                    "spec": [
                        "template": [
                            "spec": [
                                "restartPolicy": "Never",
                                "containers": [
                                    [
                                        "name": "main", "image": .string(Cluster.busybox),
                                        "command": ["/bin/busybox", "true"],
                                    ]
                                ],
                            ]
                        ]
                    ],
                ]
                _ = try await cluster.client.apply(job, namespace: cluster.namespace)
                let uid = try await Self.uid(.jobs, "other", cluster)
                try project.folder.write(
                    "app.yaml",
                    """
                    {apiVersion: batch/v1, kind: Job, metadata: {name: other}, spec: {template: {spec: {
                        restartPolicy: Never,
                        containers: [{name: main, image: '\(Cluster.busybox)', command: ['/bin/busybox', 'false']}]}}}}
                    """)
                let refused = try await Devloop.events(of: project, cluster, expecting: 1)
                let told = try #require(refused.first { $0["kind"] == "object.failed" })
                #expect(told["hint"]?.string?.contains("devloop did not make this one") == true)
                #expect(told["message"]?.string?.contains("field is immutable") == true)
                #expect(try await Self.uid(.jobs, "other", cluster) == uid)
            }
        }

        // MARK: What somebody else does to objects

        @Test func whatSomebodyDeletedOrChangedIsSeen() async throws {
            try await Cluster.run("drift") { cluster in
                let project = try Project(
                    manifest: """
                        {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '1'}}
                        ---
                        {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {x: '1'}}
                        ---
                        {apiVersion: v1, kind: Secret, metadata: {name: c}, stringData: {x: '1'}}
                        """)
                _ = try await Devloop.events(of: project, cluster)
                let again = Self.results(try await Devloop.events(of: project, cluster))
                #expect(again.count == 3)
                #expect(again.values.allSatisfy { $0 == "unchanged" }, "\(again)")
                try await cluster.client.delete(.configMaps, name: "a", namespace: cluster.namespace)
                let mended = Self.results(try await Devloop.events(of: project, cluster))
                #expect(mended == ["configmap/a": "created", "configmap/b": "unchanged", "secret/c": "unchanged"])

                try await cluster.kubectl(
                    "-n", cluster.namespace, "patch", "configmap", "b", "--field-manager=somebody", "-p",
                    #"{"data":{"x":"2"}}"#)
                let events = try await Devloop.events(of: project, cluster, expecting: 1)
                let failed = try #require(events.first { $0["kind"] == "object.failed" })
                #expect(failed["object"] == "configmap/b")
                #expect(failed["message"]?.string?.contains(#"conflict with "somebody""#) == true)
                #expect(failed["message"]?.string?.contains(".data.x") == true)
                #expect(failed["line"] == 3)
                #expect(failed["hint"]?.string?.contains("devloop.dev/on-conflict: take-over") == true)

                let text = try TestFiles.read(project.folder("app.yaml"))
                try project.folder.write(
                    "app.yaml",
                    text.replacing(
                        "{name: b}", with: "{name: b, annotations: {devloop.dev/on-conflict: take-over}}"))
                let taken = Self.results(try await Devloop.events(of: project, cluster))
                #expect(taken["configmap/b"] == "configured")
                #expect(try await Self.object(.configMaps, "b", cluster).at("data", "x") == "1")
            }
        }
    }
}
