// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import KubeClient
import Testing

@testable import DevloopLive

/// What `doctor` makes of nodes and rights.
@Suite(.timeLimit(.minutes(1)))
struct ClusterChecksTests {
    private static func node(_ name: String, _ conditions: [(String, String)], closed: Bool = false) -> JSONValue {
        [
            "metadata": ["name": .string(name)], "spec": ["unschedulable": .bool(closed)],
            "status": [
                "conditions": .array(
                    conditions.map {
                        ["type": .string($0.0), "status": .string($0.1), "message": .string("says \($0.0)")]
                    })
            ],
        ]
    }

    @Test func readyNodesAreFine() {
        let check = ClusterChecks.nodes([Self.node("a", [("Ready", "True"), ("DiskPressure", "False")])])
        #expect(check.state == .ok && check.message == "1 ready")
    }

    @Test(
        arguments: [
            ([("Ready", "False")], false, DoctorReport.Check.State.broken, "a is not ready: says Ready"),
            ([("Ready", "Unknown")], false, .broken, "a is not ready: says Ready"),
            ([("Ready", "True"), ("DiskPressure", "True")], false, .warning, "a has DiskPressure: says DiskPressure"),
            ([("Ready", "True")], true, .warning, "a takes no new Pods"),
        ])
    func troublesOfNodesAreTold(
        _ conditions: [(String, String)], _ closed: Bool, _ state: DoctorReport.Check.State, _ message: String
    ) {
        let check = ClusterChecks.nodes([Self.node("a", conditions, closed: closed)])
        #expect(check.state == state && check.message == message && check.hint != nil)
    }

    @Test func eachKindIsAskedForOnce() {
        let needs = ClusterChecks.needs([.deployments, .configMaps])
        #expect(needs.contains { $0.text == "patch deployments.apps" && $0.isEssential })
        #expect(needs.contains { $0.text == "delete deployments.apps" && !$0.isEssential })
        #expect(needs.filter { $0.text == "patch configmaps" }.count == 1)
    }

    @Test func missingRightsAreNamedWithTheirPurpose() {
        let needs = ClusterChecks.needs([])
        #expect(ClusterChecks.rights([], of: needs.count, namespace: "shop").state == .ok)
        let events = needs.filter { $0.resource == "events" }
        #expect(ClusterChecks.rights(events, of: needs.count, namespace: "shop").state == .warning)
        let exec = needs.filter { $0.resource == "pods/exec" }
        let check = ClusterChecks.rights(exec, of: needs.count, namespace: "shop")
        #expect(check.state == .broken)
        #expect(check.message == "not allowed in shop: create pods/exec (sync)")
    }
}
