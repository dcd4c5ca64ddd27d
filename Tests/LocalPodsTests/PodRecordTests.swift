// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import LocalPods
import Testing

/// Pods of this machine are told in the API's form, and judged by the rules for those of a cluster.
struct PodRecordTests {
    private static let time = WallTime(milliseconds: 1_700_000_000_000)

    private static func container(
        _ state: ContainerRecord.State, isReady: Bool = false, restarts: Int = 0, last: ContainerRecord.End? = nil,
        isInit: Bool = false
    ) -> ContainerRecord {
        var record = ContainerRecord(name: isInit ? "setup" : "web", image: "shop/web", isInit: isInit)
        record.state = state
        record.isReady = isReady
        record.restarts = restarts
        record.last = last
        record.id = "local://1"
        return record
    }

    private static func end(_ code: Int, reason: String? = nil, message: String? = nil) -> ContainerRecord.End {
        ContainerRecord.End(
            exitCode: code, reason: reason, message: message, started: time, finished: time, id: "local://0")
    }

    private func status(_ containers: [ContainerRecord], policy: String, unschedulable: String? = nil) -> PodStatus {
        let pod = ContainerVariables.Pod(
            name: "web-1", namespace: "default", uid: "u", labels: [:], annotations: [:], serviceAccount: "default",
            node: "here")
        var record = PodRecord(
            identity: pod, created: Self.time, generation: "g1",
            spec: [
                "restartPolicy": .string(policy),
                "containers": [
                    ["name": "web", "image": "shop/web", "ports": [["containerPort": 8080, "name": "http"]]]
                ],
            ], containers: containers)
        record.unschedulable = unschedulable
        return PodHealth.status(of: record.json(annotation: Renderer.generationAnnotation))
    }

    @Test("The states of containers, as a person reads them")
    func verdicts() {
        typealias Row = (containers: [ContainerRecord], policy: String, word: String, verdict: String)
        let running = ContainerRecord.State.running(since: Self.time)
        let rows: [Row] = [
            ([Self.container(running, isReady: true)], "Always", "Running", "ready"),
            ([Self.container(running)], "Always", "NotReady", "starting"),
            ([Self.container(.waiting(reason: "ContainerCreating"))], "Always", "ContainerCreating", "starting"),
            ([Self.container(.ended(Self.end(0)))], "OnFailure", "Completed", "succeeded"),
            ([Self.container(.ended(Self.end(3)))], "Never", "Error", "Error 3"),
            ([Self.container(.ended(Self.end(1)))], "Always", "Restarting", "starting"),
            ([Self.container(.ended(Self.end(1)), restarts: 1)], "Always", "CrashLoopBackOff", "CrashLoopBackOff 1"),
            (
                [
                    Self.container(
                        .waiting(reason: "CrashLoopBackOff", message: "back-off"), restarts: 2, last: Self.end(7))
                ], "Always", "CrashLoopBackOff", "CrashLoopBackOff 7"
            ),
            (
                [
                    Self.container(
                        .ended(Self.end(128, reason: "StartError", message: "no such program")), restarts: 1)
                ], "Always", "StartError", "StartError 128"
            ),
            (
                [Self.container(.waiting(reason: "CreateContainerConfigError", message: "configmap \"x\" not found"))],
                "Always", "CreateContainerConfigError", "CreateContainerConfigError"
            ),
            (
                [
                    Self.container(running, isInit: true),
                    Self.container(.waiting(reason: "PodInitializing")),
                ], "Always", "Init", "starting"
            ),
        ]
        for row in rows {
            let status = status(row.containers, policy: row.policy)
            #expect(status.word == row.word)
            let found: String
            switch status.verdict {
            case .ready: found = "ready"
            case .starting: found = "starting"
            case .succeeded: found = "succeeded"
            case .failing(let failure):
                found = ([failure.code] + [failure.exitCode].compactMap { $0 }.map(String.init)).joined(separator: " ")
            }
            #expect(found == row.verdict)
            #expect(status.generation == "g1")
        }
    }

    @Test("A claim that is not there")
    func claims() {
        let status = status(
            [Self.container(.waiting(reason: "ContainerCreating"))], policy: "Always",
            unschedulable: "persistentvolumeclaim \"data\" not found")
        #expect(status.failure?.code == "VolumeNotBound")
    }

    @Test("A container that ends again and again waits as long as with a kubelet")
    func backOff() {
        var backOff = CrashBackOff()
        let delays = (0..<8).map { _ in backOff.delay(afterUptime: .seconds(1)) }
        #expect(delays == [0, 10, 20, 40, 80, 160, 300, 300].map { .seconds($0) })
        #expect(backOff.delay(afterUptime: .seconds(600)) == .zero)
        #expect(backOff.delay(afterUptime: .seconds(1)) == .seconds(10))
    }

    @Test(arguments: [
        ("Always", 0, true), ("Always", 1, true), ("OnFailure", 0, false), ("OnFailure", 1, true), ("Never", 1, false),
    ])
    func restarts(_ policy: String, _ code: Int, _ expected: Bool) {
        #expect(CrashBackOff.restarts(policy, exitCode: code) == expected)
    }
}
