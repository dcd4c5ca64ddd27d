// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Testing

/// Which Pods are those of a workload's newest version.
@Suite(.timeLimit(.minutes(1)))
struct WorkloadRevisionTests {
    private static func workload(_ kind: String, more: JSONObject = [:]) -> JSONValue {
        var json: JSONObject = [
            "kind": .string(kind),
            "metadata": ["uid": "u1", "annotations": ["deployment.kubernetes.io/revision": "2"]],
            "spec": ["selector": ["matchLabels": ["app": "web"]]],
        ]
        for (key, value) in more.members { json[key] = value }
        return .object(json)
    }

    private static func version(_ owner: String, _ revision: Int, _ label: String, _ value: String) -> JSONValue {
        [
            "revision": .int(revision),
            "metadata": [
                "ownerReferences": [["uid": .string(owner)]], "labels": .object([label: .string(value)]),
                "annotations": ["deployment.kubernetes.io/revision": .string("\(revision)")],
            ],
        ]
    }

    @Test func theNewestVersionIsFound() {
        let sets = [
            Self.version("u1", 1, "pod-template-hash", "old"), Self.version("other", 2, "pod-template-hash", "theirs"),
            Self.version("u1", 2, "pod-template-hash", "new"),
        ]
        #expect(
            WorkloadRevision.labels(of: Self.workload("Deployment"), versions: sets)
                == ["app": "web", "pod-template-hash": "new"])
        let revisions = [
            Self.version("u1", 9, "controller-revision-hash", "old"),
            Self.version("u1", 10, "controller-revision-hash", "new"),
            Self.version("other", 11, "controller-revision-hash", "theirs"),
        ]
        #expect(
            WorkloadRevision.labels(of: Self.workload("DaemonSet"), versions: revisions)
                == ["app": "web", "controller-revision-hash": "new"])
        #expect(
            WorkloadRevision.labels(
                of: Self.workload("StatefulSet", more: ["status": ["updateRevision": "db-1"]]), versions: [])
                == ["app": "web", "controller-revision-hash": "db-1"])
        #expect(WorkloadRevision.labels(of: Self.workload("Job"), versions: []) == ["controller-uid": "u1"])
    }

    @Test func withoutAVersionTheSelectorCounts() {
        for kind in ["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"] {
            #expect(WorkloadRevision.labels(of: Self.workload(kind), versions: []) == ["app": "web"])
        }
        #expect(
            WorkloadRevision.labels(of: ["kind": "Pod", "metadata": ["labels": ["a": "b"]]], versions: []) == ["a": "b"]
        )
        #expect(WorkloadRevision.labels(of: ["kind": "Pod"], versions: []) == nil)
        #expect(WorkloadRevision.labels(of: ["kind": "Deployment"], versions: []) == nil)
    }

    @Test(
        arguments: [
            ("Deployment", 2, 2, true), ("Deployment", 2, 1, false), ("StatefulSet", 1, nil, false),
            ("Job", 1, nil, true),
        ] as [(String, Int, Int?, Bool)])
    func aChangeIsObservedByItsController(_ kind: String, _ generation: Int, _ observed: Int?, _ wanted: Bool) {
        var json: JSONValue = ["kind": .string(kind), "metadata": ["generation": .int(generation)]]
        if let observed { json["status"] = ["observedGeneration": .int(observed)] }
        #expect(WorkloadRevision.isObserved(json) == wanted)
    }
}
