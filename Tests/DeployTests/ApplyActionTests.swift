// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ApplyActionTests {
    private static func decide(
        _ wanted: JSONValue, _ before: JSONValue?, isForced: Bool = false
    ) -> ApplyAction {
        ApplyAction.decide(wanted, before: before, isForced: isForced, manager: "devloop")
    }

    /// An object as it is after an apply of it.
    private static func applied(_ kind: String, configuration: String? = nil) -> (wanted: JSONValue, live: JSONValue) {
        var wanted: JSONValue = ["apiVersion": "v1", "kind": .string(kind), "metadata": ["name": "x"]]
        var fields: JSONValue = [:]
        if let configuration {
            wanted["metadata"]?["annotations"] = ["devloop.dev/configuration": .string(configuration)]
            fields = ["f:metadata": ["f:annotations": ["f:devloop.dev/configuration": [:]]]]
        }
        wanted["data"] = ["a": "1"]
        fields["f:data"] = ["f:a": [:]]
        var live = wanted
        live["metadata"]?["managedFields"] = [
            ["manager": "devloop", "operation": "Apply", "apiVersion": "v1", "fieldsV1": fields]
        ]
        return (wanted, live)
    }

    @Test func whatIsThereAsItShouldBeIsKept() {
        let (wanted, live) = Self.applied("ConfigMap")
        #expect(Self.decide(wanted, nil) == .create)
        #expect(Self.decide(wanted, live) == .keep)
        var changed = wanted
        changed["data"] = ["a": "2"]
        #expect(Self.decide(changed, live) == .update)
        // The user asked: applied though it is as it should be.
        #expect(Self.decide(wanted, live, isForced: true) == .update)
    }

    @Test func whatIsOnItsWayOutIsWaitedFor() {
        var (wanted, live) = Self.applied("Namespace")
        live["metadata"]?["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        #expect(Self.decide(wanted, live) == .waitForEnd)
        wanted["data"] = nil
        #expect(Self.decide(wanted, live, isForced: true) == .waitForEnd)
    }

    @Test func aJobRunsAgainOnlyWhenAsked() {
        let (wanted, live) = Self.applied("Job")
        #expect(Self.decide(wanted, live) == .keep)
        #expect(Self.decide(wanted, live, isForced: true) == .replace("it was asked to run again"))
    }

    @Test func aJobThatEndedWellAndWasClearedDoesNotRunAgain() {
        func decide(_ wanted: JSONValue, _ before: JSONValue?, hasSucceeded: Bool, isForced: Bool = false)
            -> ApplyAction
        {
            ApplyAction.decide(
                wanted, before: before, isForced: isForced, hasSucceeded: hasSucceeded, manager: "devloop")
        }
        let (wanted, live) = Self.applied("Job")
        #expect(decide(wanted, nil, hasSucceeded: true) == .rest)
        #expect(decide(wanted, nil, hasSucceeded: false) == .create)
        #expect(decide(wanted, nil, hasSucceeded: true, isForced: true) == .create)
        #expect(decide(wanted, live, hasSucceeded: true) == .keep)
        // Only Jobs run once.
        #expect(decide(Self.applied("ConfigMap").0, nil, hasSucceeded: true) == .create)
        let cleared: JSONValue = ["spec": ["ttlSecondsAfterFinished": 0]]
        #expect(ApplyAction.isCleared(cleared, live: wanted))
        #expect(ApplyAction.isCleared(wanted, live: cleared))
        #expect(!ApplyAction.isCleared(wanted, live: live))
    }

    @Test(arguments: [("Running", false), ("Pending", false), ("Succeeded", true), ("Failed", true)])
    func aPodThatHasEndedRunsAgainWhenAsked(_ phase: String, _ isReplaced: Bool) {
        var (wanted, live) = Self.applied("Pod")
        live["status"] = ["phase": .string(phase)]
        #expect(Self.decide(wanted, live) == .keep)
        let wantedAction: ApplyAction = isReplaced ? .replace("it was asked to run again") : .update
        #expect(Self.decide(wanted, live, isForced: true) == wantedAction)
        wanted["data"] = nil
        #expect(Self.decide(wanted, live) == .update)
    }

    @Test func aPodWhoseConfigurationChangedIsReplaced() {
        let (_, live) = Self.applied("Pod", configuration: "one")
        let (wanted, _) = Self.applied("Pod", configuration: "two")
        #expect(Self.decide(wanted, live) == .replace("a ConfigMap or Secret that it uses has changed"))
        // Pods of others follow their template.
        let (deployment, liveDeployment) = Self.applied("Deployment", configuration: "one")
        var changed = deployment
        changed["metadata"]?["annotations"] = ["devloop.dev/configuration": "two"]
        #expect(Self.decide(changed, liveDeployment) == .update)
    }

    @Test(arguments: [("ReplicaSet", true), ("ReplicationController", true), ("Deployment", false)])
    func whatOnlyCountsPodsIsReplaced(_ kind: String, _ isReplaced: Bool) {
        func object(_ generation: String, replicas: Int) -> JSONValue {
            [
                "apiVersion": "v1", "kind": .string(kind), "metadata": ["name": "x"],
                "spec": [
                    "replicas": .int(replicas),
                    "template": ["metadata": ["annotations": ["devloop.dev/generation": .string(generation)]]],
                ],
            ]
        }
        let before = object("one", replicas: 1)
        #expect(Self.decide(object("one", replicas: 2), before) == .update)
        let wanted: ApplyAction = isReplaced ? .replace("its Pods do not follow its template") : .update
        #expect(Self.decide(object("two", replicas: 1), before) == wanted)
    }

    @Test(
        arguments: [
            ("Deployment", true), ("StatefulSet", true), ("DaemonSet", true), ("Job", true), ("Pod", true),
            ("Service", true), ("RoleBinding", true), ("ConfigMap", true),
            // These keep data.
            ("PersistentVolumeClaim", false), ("PersistentVolume", false), ("Namespace", false),
            ("CustomResourceDefinition", false), ("Database", false),
        ]) func onlyWhatKeepsNoDataIsReplaced(_ kind: String, _ isReplaceable: Bool)
    {
        #expect(ApplyAction.isReplaceable(["kind": .string(kind)]) == isReplaceable)
    }

    @Test func aProbeHasNothingThatOnlyOneObjectCanHave() {
        let probe = ApplyAction.probe([
            "kind": "Service", "metadata": ["name": "web.v1", "labels": ["a": "b"]],
            "spec": ["clusterIP": "10.0.0.1", "ports": [["port": 80, "nodePort": 30000]]],
        ])
        #expect(probe.at("metadata", "name") == "web-devloop-probe")
        #expect(probe.at("metadata", "labels") == ["a": "b"])
        #expect(probe["spec"] == ["ports": [["port": 80]]])
        let headless = ApplyAction.probe([
            "kind": "Service", "metadata": ["name": "web"], "spec": ["clusterIP": "None"],
        ])
        #expect(headless["spec"] == ["clusterIP": "None"])
    }

    @Test(
        arguments: [
            ([["type": "Established", "status": "True"]], .established),
            ([["type": "NamesAccepted", "status": "True"], ["type": "Established", "status": "True"]], .established),
            ([["type": "Established", "status": "False"]], .waiting), ([], .waiting),
            (
                [["type": "NamesAccepted", "status": "False", "message": "\"things\" is already in use"]],
                .refused("\"things\" is already in use")
            ),
            (
                [["type": "NonStructuralSchema", "status": "True"], ["type": "Established", "status": "True"]],
                .established
            ),
        ] as [(JSONValue, DefinitionState)])
    func aDefinitionSaysWhetherItIsServed(_ conditions: JSONValue, _ wanted: DefinitionState) {
        #expect(DefinitionState(["status": ["conditions": conditions]]) == wanted)
        #expect(DefinitionState([:]) == .waiting)
    }
}
