// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Testing

/// What controllers say of their workloads, and what a person should believe.
@Suite(.timeLimit(.minutes(1)))
struct WorkloadHealthTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var kind = "Deployment"
        var spec: JSONValue = [:]
        var status: JSONValue
        var generation = 1
        var events: [PodEvent] = []
        /// `ready`, `complete`, `progressing: TEXT` or `CODE/may heal: TEXT`.
        var verdict: String
        var testDescription: String { "\(kind): \(name)" }
    }

    private static func counts(_ made: Int, _ available: Int, all: Int? = nil, _ more: JSONObject = [:]) -> JSONValue {
        var status: JSONObject = [
            "observedGeneration": 1, "updatedReplicas": .int(made), "availableReplicas": .int(available),
            "replicas": .int(all ?? made), "readyReplicas": .int(available),
        ]
        for member in more.members { status[member.key] = member.value }
        return .object(status)
    }

    private static func condition(_ type: String, _ status: String, _ reason: String, _ message: String) -> JSONValue {
        [
            [
                "type": .string(type), "status": .string(status), "reason": .string(reason),
                "message": .string(message), "lastTransitionTime": "2026-01-01T00:00:00Z",
            ]
        ]
    }

    private static let quota = "pods \"web-1\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0"
    private static let hook = "admission webhook \"policy.example.org\" denied the request: no team label"

    static let cases: [Case] = [
        Case(name: "as asked for", spec: ["replicas": 2], status: counts(2, 2), verdict: "ready"),
        Case(name: "one by default", status: counts(1, 1), verdict: "ready"),
        Case(name: "none asked for", spec: ["replicas": 0], status: ["observedGeneration": 1], verdict: "ready"),
        Case(
            name: "not seen yet", status: counts(1, 1), generation: 2,
            verdict: "progressing: its controller has not seen it yet"),
        Case(name: "no status", status: [:], verdict: "progressing: its controller has not seen it yet"),
        Case(
            name: "being made", spec: ["replicas": 3], status: counts(1, 1),
            verdict: "progressing: 1 of 3 Pods are there"),
        Case(name: "old ones", status: counts(1, 1, all: 2), verdict: "progressing: 1 old Pods are still there"),
        Case(
            name: "not available", spec: ["replicas": 3], status: counts(3, 2),
            verdict: "progressing: 2 of 3 Pods are available"),
        Case(
            name: "came no further",
            status: counts(
                1, 0, ["conditions": condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out")]),
            verdict: "ProgressDeadlineExceeded/false: timed out"),
        Case(
            name: "quota",
            status: counts(0, 0, ["conditions": condition("ReplicaFailure", "True", "FailedCreate", quota)]),
            verdict: "QuotaExceeded/true: no Pod can be made: \(quota)"),
        Case(
            name: "admission",
            status: counts(0, 0, ["conditions": condition("ReplicaFailure", "True", "FailedCreate", hook)]),
            verdict: "AdmissionRefused/true: no Pod can be made: \(hook)"),
        Case(
            name: "another refusal", kind: "ReplicaSet",
            status: counts(0, 0, ["conditions": condition("ReplicaFailure", "True", "FailedCreate", "etcd is full")]),
            verdict: "FailedCreate/true: no Pod can be made: etcd is full"),
        Case(name: "as asked for", kind: "ReplicaSet", status: counts(1, 1), verdict: "ready"),
        Case(
            name: "refused, which only an event tells", kind: "StatefulSet", status: counts(0, 0),
            events: [PodEvent(reason: "FailedCreate", message: quota, container: nil, last: "2026-01-01T00:00:00")],
            verdict: "QuotaExceeded/true: no Pod can be made: \(quota)"),
        Case(
            name: "refused once, made since", kind: "StatefulSet", status: counts(1, 1),
            events: [PodEvent(reason: "FailedCreate", message: quota, container: nil, last: "2026-01-01T00:00:00")],
            verdict: "ready"),
        Case(
            name: "half way", kind: "StatefulSet", spec: ["replicas": 2],
            status: counts(1, 2, all: 2, ["currentRevision": "a", "updateRevision": "b"]),
            verdict: "progressing: 1 of 2 Pods are there"),
        Case(
            name: "done", kind: "StatefulSet", spec: ["replicas": 2],
            status: counts(0, 2, all: 2, ["currentRevision": "b", "updateRevision": "b"]), verdict: "ready"),
        Case(
            name: "only half of it is to change", kind: "StatefulSet",
            spec: ["replicas": 2, "updateStrategy": ["rollingUpdate": ["partition": 1]]],
            status: counts(1, 2, all: 2, ["currentRevision": "a", "updateRevision": "b"]), verdict: "ready"),
        Case(
            name: "as asked for", kind: "DaemonSet",
            status: [
                "observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2,
                "numberAvailable": 2,
            ], verdict: "ready"),
        Case(
            name: "half way", kind: "DaemonSet",
            status: [
                "observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 1, "numberReady": 2,
                "numberAvailable": 2,
            ], verdict: "progressing: 1 of 2 Pods are there"),
        Case(
            name: "ready for too short a time", kind: "DaemonSet", spec: ["minReadySeconds": 5],
            status: [
                "observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": 2,
                "numberAvailable": 1,
            ], verdict: "progressing: 1 of 2 Pods are available"),
        Case(
            name: "replaced by hand", kind: "DaemonSet", spec: ["updateStrategy": ["type": "OnDelete"]],
            status: [
                "observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 1,
                "numberAvailable": 1,
            ], verdict: "progressing: 1 of 2 Pods are available"),
        Case(name: "begun", kind: "Job", status: ["active": 1], verdict: "progressing: 0 of 1 Pods have succeeded"),
        Case(
            name: "half way", kind: "Job", spec: ["completions": 4], status: ["active": 2, "succeeded": 2],
            verdict: "progressing: 2 of 4 Pods have succeeded"),
        Case(
            name: "done", kind: "Job", status: ["succeeded": 1, "conditions": condition("Complete", "True", "", "")],
            verdict: "complete"),
        Case(
            name: "failed", kind: "Job",
            status: ["conditions": condition("Failed", "True", "BackoffLimitExceeded", "reached the limit")],
            verdict: "BackoffLimitExceeded/false: reached the limit"),
        Case(
            name: "too long", kind: "Job",
            status: ["conditions": condition("Failed", "True", "DeadlineExceeded", "was active too long")],
            verdict: "DeadlineExceeded/false: was active too long"),
        Case(
            name: "a reason of tomorrow", kind: "Job",
            status: ["conditions": condition("Failed", "True", "Bored", "no fun")], verdict: "Bored/false: no fun"),
        Case(
            name: "refused", kind: "Job", status: [:],
            events: [PodEvent(reason: "FailedCreate", message: hook, container: nil, last: "2026-01-01T00:00:00")],
            verdict: "AdmissionRefused/true: no Pod can be made: \(hook)"),
    ]

    @Test(arguments: cases) func readsTheWorkload(_ item: Case) {
        let status = WorkloadHealth.status(
            of: [
                "metadata": ["name": "web", "uid": "1", "generation": .int(item.generation)], "spec": item.spec,
                "status": item.status,
            ], kind: item.kind, events: item.events)
        #expect(Self.text(status.verdict) == item.verdict)
        #expect(status.title == "\(item.kind.lowercased())/web")
        if let failure = status.failure { #expect(failure.hint?.isEmpty == false) }
    }

    private static func text(_ verdict: WorkloadStatus.Verdict) -> String {
        switch verdict {
        case .ready: "ready"
        case .complete: "complete"
        case .progressing(let text): "progressing: \(text)"
        case .failing(let failure): "\(failure.code)/\(failure.mayHeal): \(failure.message)"
        }
    }

    @Test func knowsItsMarkAndItsTime() {
        let status = WorkloadHealth.status(
            of: [
                "metadata": ["name": "web", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z"],
                "spec": ["template": ["metadata": ["annotations": ["devloop.dev/generation": "abc"]]]],
            ], kind: "Deployment")
        #expect(status.generation == "abc")
        #expect(status.namespace == "shop")
        #expect(status.since == "2026-01-01T00:00:00Z")
    }

    @Test(arguments: [JSONValue.null, [:], "text", ["status": "odd", "spec": 3, "metadata": []]])
    func whatIsNoWorkloadIsNoCrash(_ json: JSONValue) {
        for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Brew"] {
            #expect(WorkloadHealth.status(of: json, kind: kind).name.isEmpty)
        }
    }
}
