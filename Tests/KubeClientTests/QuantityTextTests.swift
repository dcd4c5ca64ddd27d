// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import Testing

/// Plain numbers as quantities, which `kubectl apply` takes and server-side apply of Kubernetes 1.20 does not.
@Suite struct QuantityTextTests {
    private static let before: JSONValue = ["limits": ["cpu": 2, "memory": "1Gi"], "requests": ["cpu": .double(0.5)]]
    private static let after: JSONValue = ["limits": ["cpu": "2", "memory": "1Gi"], "requests": ["cpu": "0.5"]]

    private static func pod(_ resources: JSONValue) -> JSONValue {
        [
            "containers": [["name": "a", "resources": resources], ["name": "b"]],
            "initContainers": [["name": "c", "resources": resources]],
        ]
    }

    private static func object(_ kind: String, _ resources: JSONValue) -> JSONValue {
        let spec: JSONValue =
            switch kind {
            case "Pod": pod(resources)
            case "CronJob": ["jobTemplate": ["spec": ["template": ["spec": pod(resources)]]]]
            case "StatefulSet":
                [
                    "template": ["spec": pod(resources)],
                    "volumeClaimTemplates": [["spec": ["resources": resources]]],
                ]
            case "PersistentVolumeClaim": ["resources": resources]
            case "ResourceQuota": ["hard": resources["limits"] ?? .null]
            case "PersistentVolume": ["capacity": resources["limits"] ?? .null]
            case "LimitRange": ["limits": [["type": "Container", "max": resources["limits"] ?? .null]]]
            default: ["template": ["spec": pod(resources)]]
            }
        return ["apiVersion": "v1", "kind": .string(kind), "spec": spec]
    }

    @Test(
        arguments: [
            "Pod", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "PersistentVolumeClaim",
            "PersistentVolume", "ResourceQuota", "LimitRange",
        ])
    func numbersBecomeText(_ kind: String) {
        #expect(AppliedForm.make(Self.object(kind, Self.before)) == Self.object(kind, Self.after))
    }

    @Test func othersStayAsTheyAre() {
        let widget = Self.object("Widget", Self.before)
        #expect(AppliedForm.make(widget) == widget)
        let odd: JSONValue = ["kind": "Pod", "spec": ["containers": [["resources": "none"], "text"], "volumes": 3]]
        #expect(AppliedForm.make(odd) == odd)
    }

    /// The real server takes what is made of it.
    @Test(.timeLimit(.minutes(1)))
    func theClusterTakesThem() async throws {
        try await ClusterFixture.run("quantity") { fixture in
            let pod: JSONValue = [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "large"],
                "spec": [
                    "containers": [
                        [
                            "name": "main", "image": "devloop.local/busybox:1",
                            "resources": ["requests": ["cpu": 500, "memory": 1_000_000]],
                        ]
                    ]
                ],
            ]
            let made = try await fixture.client.apply(pod, namespace: fixture.namespace)
            let requests = made.at("spec", "containers")?.array?.first?.at("resources", "requests")
            #expect(requests?["cpu"] == "500")
        }
    }

    /// What the server says of other types is the object's fault, not the cluster's.
    @Test func wrongTypesAreARefusal() {
        let failure = KubeFailure(
            status: 500, reason: "", message: "failed to create typed patch object: .spec.x: expected string")
        #expect(!failure.isTransient)
        #expect(KubeFailure(status: 500, reason: "InternalError", message: "etcd").isTransient)
    }
}
