// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Testing

/// Whether an apply would change nothing, read from what the server keeps of managers.
@Suite(.timeLimit(.minutes(1)))
struct AppliedStateTests {
    static let wanted: JSONValue = [
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": ["name": "web", "namespace": "shop", "labels": ["app": "web"], "finalizers": ["example.com/a"]],
        "spec": [
            "replicas": 1, "selector": ["matchLabels": ["app": "web"]],
            "template": [
                "metadata": ["labels": ["app": "web"]],
                "spec": [
                    "containers": [
                        [
                            "name": "web", "image": "shop/web:1", "command": ["/bin/web", "-v"],
                            "ports": [["containerPort": 80, "protocol": "TCP"]],
                        ]
                    ],
                    "volumes": [["name": "tmp", "emptyDir": [:]]],
                ],
            ],
        ],
    ]

    static let fields: JSONValue = [
        "f:metadata": [
            "f:labels": ["f:app": [:]],
            "f:finalizers": [".": [:], #"v:"example.com/a""#: [:]],
        ],
        "f:spec": [
            "f:replicas": [:], "f:selector": [:],
            "f:template": [
                "f:metadata": ["f:labels": ["f:app": [:]]],
                "f:spec": [
                    "f:containers": [
                        #"k:{"name":"web"}"#: [
                            ".": [:], "f:name": [:], "f:image": [:], "f:command": [:],
                            "f:ports": [
                                #"k:{"containerPort":80,"protocol":"TCP"}"#: [
                                    ".": [:], "f:containerPort": [:], "f:protocol": [:],
                                ]
                            ],
                        ]
                    ],
                    "f:volumes": [#"k:{"name":"tmp"}"#: [".": [:], "f:name": [:], "f:emptyDir": [:]]],
                ],
            ],
        ],
    ]

    /// What the server would have after an apply: what is wanted, its own defaults, and the list of managers.
    static func live(_ fields: JSONValue = fields, _ change: (inout JSONValue) -> Void = { _ in }) -> JSONValue {
        var live = wanted
        live["metadata"]?["uid"] = "u1"
        live["metadata"]?["managedFields"] = [
            [
                "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
                "fieldsV1": ["f:status": ["f:replicas": [:]]],
            ],
            [
                "manager": "devloop", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            ],
        ]
        live["spec"]?["progressDeadlineSeconds"] = 600
        live["status"] = ["replicas": 1]
        change(&live)
        return live
    }

    private static func isCurrent(_ live: JSONValue) -> Bool { isCurrent(wanted, live) }

    private static func isCurrent(_ wanted: JSONValue, _ live: JSONValue) -> Bool {
        AppliedState.isCurrent(wanted, live: live, manager: "devloop")
    }

    @Test func defaultsAndFieldsOfOthersDoNotCount() {
        #expect(Self.isCurrent(Self.live()))
        // Nor do nulls, which the server drops.
        var withNull = Self.wanted
        withNull["metadata"]?["creationTimestamp"] = .null
        #expect(Self.isCurrent(withNull, Self.live()))
    }

    struct Drift: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout JSONValue) -> Void
    }

    /// What somebody has done to the object since.
    static let drifts: [Drift] = [
        Drift(testDescription: "another value") { $0["spec"]?["replicas"] = 3 },
        Drift(testDescription: "another image") { live in
            live["spec"]?["template"]?["spec"]?["containers"] = [["name": "web", "image": "shop/web:other"]]
        },
        Drift(testDescription: "the container is gone") { $0["spec"]?["template"]?["spec"]?["containers"] = [] },
        Drift(testDescription: "a label is gone") { $0["metadata"]?["labels"] = [:] },
        Drift(testDescription: "no managers are told") { $0["metadata"]?["managedFields"] = nil },
        Drift(testDescription: "ours is an update, no apply") { live in
            live["metadata"]?["managedFields"] = [
                ["manager": "devloop", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": fields]
            ]
        },
        Drift(testDescription: "ours was of another version") { live in
            live["metadata"]?["managedFields"] = [
                ["manager": "devloop", "operation": "Apply", "apiVersion": "apps/v1beta1", "fieldsV1": fields]
            ]
        },
    ]

    @Test(arguments: drifts) func whatSomebodyChangedIsSeen(_ drift: Drift) {
        #expect(!Self.isCurrent(Self.live(Self.fields, drift.change)))
    }

    @Test func aFieldThatAnotherManagerTookIsNotOurs() {
        // The value is back, but not by us: an apply would say so by a conflict.
        var fields = Self.fields
        fields["f:spec"]?["f:replicas"] = nil
        #expect(!Self.isCurrent(Self.live(fields)))
    }

    /// What the spec has changed since.
    static let changes: [Drift] = [
        Drift(testDescription: "a field more") { $0["spec"]?["paused"] = true },
        Drift(testDescription: "a field less") { $0["spec"]?["replicas"] = nil },
        Drift(testDescription: "a label more") { $0["metadata"]?["labels"]?["tier"] = "front" },
        Drift(testDescription: "a finalizer more") {
            $0["metadata"]?["finalizers"] = ["example.com/a", "example.com/b"]
        },
        Drift(testDescription: "another finalizer") { $0["metadata"]?["finalizers"] = ["example.com/b"] },
        Drift(testDescription: "another argument") { wanted in
            guard var container = wanted.at("spec", "template", "spec", "containers")?[0] else { return }
            container["command"] = ["/bin/web"]
            wanted["spec"]?["template"]?["spec"]?["containers"] = [container]
        },
        Drift(testDescription: "a second container") { wanted in
            guard let container = wanted.at("spec", "template", "spec", "containers")?[0] else { return }
            wanted["spec"]?["template"]?["spec"]?["containers"] = [container, ["name": "side", "image": "x"]]
        },
        Drift(testDescription: "no labels at all") { $0["metadata"]?["labels"] = nil },
    ]

    @Test(arguments: changes) func whatTheSpecChangedIsSeen(_ change: Drift) {
        var wanted = Self.wanted
        change.change(&wanted)
        #expect(wanted != Self.wanted)
        #expect(!Self.isCurrent(wanted, Self.live()))
    }

    @Test(arguments: [JSONValue.null, [:], "text", ["metadata": ["managedFields": "odd"]]])
    func whatIsNoObjectIsNotCurrent(_ live: JSONValue) {
        #expect(!Self.isCurrent(live))
        #expect(!Self.isCurrent(live, live))
    }
}
