// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Plan
import Testing

/// What controllers say of custom resources, written by hand after the convention of conditions.
@Suite(.timeLimit(.minutes(1)))
struct CustomHealthTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status: JSONValue?
        var verdict: WorkloadStatus.Verdict
    }

    private static func conditions(_ list: [(String, String)], _ observed: Int? = nil) -> JSONValue {
        var status: JSONValue = [
            "conditions": .array(
                list.map { type, value in
                    [
                        "type": .string(type), "status": .string(value), "reason": "Why",
                        "message": "in its own words", "lastTransitionTime": "2026-01-01T00:00:00Z",
                    ]
                })
        ]
        if let observed { status["observedGeneration"] = .int(observed) }
        return status
    }

    private static func failing(_ text: String) -> WorkloadStatus.Verdict {
        .failing(
            PodStatus.Failure(
                code: "ConditionFailed", message: text, hint: Problem.find("ConditionFailed")?.hint, mayHeal: false))
    }

    private static func progressing(_ type: String, _ value: String) -> WorkloadStatus.Verdict {
        .progressing("\(type) is \(value), Why: in its own words")
    }

    private static let unseen = WorkloadStatus.Verdict.progressing("its controller has not seen the change yet")

    static let cases: [Case] = [
        Case(testDescription: "no status", status: nil, verdict: .ready),
        Case(testDescription: "no conditions", status: ["phase": "Running"], verdict: .ready),
        Case(testDescription: "others alone", status: conditions([("Synced", "False")]), verdict: .ready),
        Case(testDescription: "ready", status: conditions([("Ready", "True")]), verdict: .ready),
        Case(
            testDescription: "not ready", status: conditions([("Ready", "False")]),
            verdict: progressing("Ready", "False")),
        Case(
            testDescription: "not known", status: conditions([("Ready", "Unknown")]),
            verdict: progressing("Ready", "Unknown")),
        Case(testDescription: "available", status: conditions([("Available", "True")]), verdict: .ready),
        Case(
            testDescription: "not available", status: conditions([("Available", "False")]),
            verdict: progressing("Available", "False")),
        Case(
            testDescription: "ready before available", status: conditions([("Available", "False"), ("Ready", "True")]),
            verdict: .ready),
        Case(
            testDescription: "at work", status: conditions([("Ready", "True"), ("Reconciling", "True")]),
            verdict: progressing("Reconciling", "True")),
        Case(
            testDescription: "nothing to do", status: conditions([("Reconciling", "False"), ("Ready", "True")]),
            verdict: .ready),
        Case(
            testDescription: "stalled", status: conditions([("Ready", "False"), ("Stalled", "True")]),
            verdict: failing("Stalled is True, Why: in its own words")),
        Case(
            testDescription: "not stalled", status: conditions([("Stalled", "False"), ("Ready", "True")]),
            verdict: .ready),
        Case(
            testDescription: "failed", status: conditions([("Failed", "True")]),
            verdict: failing("Failed is True, Why: in its own words")),
        Case(
            testDescription: "not failed so far", status: conditions([("Failed", "Unknown"), ("Ready", "True")]),
            verdict: .ready),
        Case(testDescription: "succeeded", status: conditions([("Succeeded", "True")]), verdict: .complete),
        Case(
            testDescription: "runs", status: conditions([("Succeeded", "Unknown")]),
            verdict: progressing("Succeeded", "Unknown")),
        Case(
            testDescription: "did not succeed", status: conditions([("Succeeded", "False")]),
            verdict: failing("Succeeded is False, Why: in its own words")),
        Case(testDescription: "complete", status: conditions([("Complete", "True")]), verdict: .complete),
        Case(
            testDescription: "of the version before", status: conditions([("Ready", "True")], 1), verdict: unseen),
        Case(
            testDescription: "a failure of the version before", status: conditions([("Stalled", "True")], 1),
            verdict: unseen),
        Case(testDescription: "of this version", status: conditions([("Ready", "True")], 2), verdict: .ready),
        Case(
            testDescription: "a condition of the version before",
            status: ["conditions": [["type": "Ready", "status": "True", "observedGeneration": 1]]], verdict: unseen),
        Case(
            testDescription: "without words", status: ["conditions": [["type": "Ready", "status": "False"]]],
            verdict: .progressing("Ready is False")),
    ]

    @Test(arguments: cases) func readsTheConditions(_ item: Case) {
        var object: JSONValue = [
            "apiVersion": "shop.example.com/v1", "kind": "Thing",
            "metadata": ["name": "one", "uid": "u", "generation": 2],
        ]
        object["status"] = item.status
        let status = WorkloadHealth.status(of: object, kind: "Thing")
        #expect(status.verdict == item.verdict)
        #expect(status.version == 2)
        #expect(status.title == "thing/one")
        // A kind that is called like one of Kubernetes' own is none.
        #expect(WorkloadHealth.status(of: object, kind: "Job").verdict == item.verdict)
    }

    @Test(arguments: [JSONValue.null, [:], "text", ["status": ["conditions": "odd"]], ["status": ["conditions": [3]]]])
    func whatIsOddIsNoCrash(_ object: JSONValue) {
        #expect(CustomHealth.verdict(of: object) == .ready)
    }

    @Test(
        arguments: [
            ("v1", false), ("apps/v1", false), ("batch/v1", false), ("networking.k8s.io/v1", false),
            ("apiextensions.k8s.io/v1", false), ("rbac.authorization.k8s.io/v1", false),
            ("shop.example.com/v1", true), ("gateway.networking.k8s.io/v1", true), ("snapshot.storage.k8s.io/v1", true),
        ]) func customKindsAreToldByTheirGroup(_ apiVersion: String, _ isCustom: Bool)
    {
        #expect(ManifestObject.isCustom(apiVersion: apiVersion) == isCustom)
    }
}
