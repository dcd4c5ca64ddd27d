// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Testing

/// Pods as the API server describes them, and what a person should believe (design D12).
@Suite(.timeLimit(.minutes(1)))
struct PodHealthTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var status: JSONValue
        var policy = "Always"
        var events: [PodEvent] = []
        var word: String
        /// `ready`, `succeeded`, `starting: TEXT`, or `CODE/CONTAINER/EXIT CODE/may heal: TEXT`.
        var verdict: String
        var testDescription: String { name }
    }

    private static func waiting(_ reason: String, _ message: String? = nil, last: JSONValue? = nil) -> JSONValue {
        var state: JSONObject = ["reason": .string(reason)]
        if let message { state["message"] = .string(message) }
        var container: JSONObject = [
            "name": "web", "image": "shop/web:1", "ready": false, "restartCount": 3,
            "state": ["waiting": .object(state)],
        ]
        if let last { container["lastState"] = ["terminated": last] }
        return ["phase": "Pending", "containerStatuses": [.object(container)]]
    }

    private static func terminated(_ end: JSONValue, restarts: Int = 0, phase: String = "Running") -> JSONValue {
        [
            "phase": .string(phase),
            "containerStatuses": [
                ["name": "web", "ready": false, "restartCount": .int(restarts), "state": ["terminated": end]]
            ],
        ]
    }

    private static let running: JSONValue = [
        "name": "web", "ready": true, "restartCount": 0, "containerID": "containerd://1",
        "state": ["running": ["startedAt": "2026-01-01T00:00:00Z"]],
    ]
    private static let isReady: JSONValue = ["type": "Ready", "status": "True"]

    static let failures: [Case] = [
        Case(
            name: "crash loop", status: waiting("CrashLoopBackOff", "back-off 10s", last: ["exitCode": 2]),
            word: "CrashLoopBackOff",
            verdict: "CrashLoopBackOff/web/2/false: web ended with exit code 2, 3 restarts so far"),
        Case(
            name: "crash loop by signal", status: waiting("CrashLoopBackOff", last: ["exitCode": 139, "signal": 11]),
            word: "CrashLoopBackOff",
            verdict: "CrashLoopBackOff/web/139/false: web ended with signal 11, 3 restarts so far"),
        Case(
            name: "crash loop without last state", status: waiting("CrashLoopBackOff"), word: "CrashLoopBackOff",
            verdict: "CrashLoopBackOff/web/-/false: web ended with a failure, 3 restarts so far"),
        Case(
            name: "out of memory",
            status: waiting("CrashLoopBackOff", last: ["exitCode": 137, "reason": "OOMKilled"]), word: "OOMKilled",
            verdict: "OOMKilled/web/137/false: web was killed for using more memory than its limit"),
        Case(
            name: "first pull failed", status: waiting("ErrImagePull", "not found"), word: "ErrImagePull",
            verdict: "ErrImagePull/web/-/true: the image shop/web:1 of web cannot be pulled, "
                + "the registry has no such name or tag: not found"),
        Case(
            name: "pull backs off", status: waiting("ImagePullBackOff"), word: "ImagePullBackOff",
            verdict: "ImagePullBackOff/web/-/false: the image shop/web:1 of web cannot be pulled"),
        Case(
            name: "never pull", status: waiting("ErrImageNeverPull"), word: "ErrImageNeverPull",
            verdict: "ErrImageNeverPull/web/-/false: the image shop/web:1 of web is not on the node, "
                + "and its pull policy is Never"),
        Case(
            name: "bad image name", status: waiting("InvalidImageName"), word: "InvalidImageName",
            verdict: "InvalidImageName/web/-/false: the image name shop/web:1 of web is not valid"),
        Case(
            name: "missing ConfigMap", status: waiting("CreateContainerConfigError", "configmap \"x\" not found"),
            word: "CreateContainerConfigError",
            verdict: "CreateContainerConfigError/web/-/false: web cannot be configured: configmap \"x\" not found"),
        Case(
            name: "ConfigMap that the kubelet has not seen yet",
            status: waiting(
                "CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition"),
            word: "CreateContainerConfigError",
            verdict: "CreateContainerConfigError/web/-/true: web cannot be configured: "
                + "failed to sync configmap cache: timed out waiting for the condition"),
        Case(
            name: "cannot be created", status: waiting("CreateContainerError"), word: "CreateContainerError",
            verdict: "CreateContainerError/web/-/false: web cannot be started"),
        Case(
            name: "cannot be run", status: waiting("RunContainerError", "no such file"), word: "RunContainerError",
            verdict: "RunContainerError/web/-/false: web cannot be started: no such file"),
        Case(
            name: "cannot start", status: waiting("StartError"), word: "StartError",
            verdict: "StartError/web/-/false: web cannot be started"),
        Case(
            name: "container cannot run", status: waiting("ContainerCannotRun"), word: "RunContainerError",
            verdict: "RunContainerError/web/-/false: web cannot be started"),
        Case(
            name: "second crash, not yet backing off", status: terminated(["exitCode": 1], restarts: 1),
            word: "CrashLoopBackOff",
            verdict: "CrashLoopBackOff/web/1/false: web ended with exit code 1, 1 restarts so far"),
        Case(
            name: "out of memory for the second time",
            status: terminated(["exitCode": 137, "reason": "OOMKilled"], restarts: 1), word: "OOMKilled",
            verdict: "OOMKilled/web/137/false: web was killed for using more memory than its limit"),
        Case(
            name: "ended for good", status: terminated(["exitCode": 3], phase: "Failed"), policy: "Never",
            word: "Error", verdict: "Error/web/3/false: web ended with exit code 3"),
        Case(
            name: "evicted", status: ["phase": "Failed", "reason": "Evicted", "message": "the node was low on memory"],
            word: "Evicted", verdict: "Evicted/-/-/false: the node was low on memory"),
        Case(
            name: "failed without a reason", status: ["phase": "Failed"], word: "Failed",
            verdict: "Failed/-/-/false: the Pod ended with a failure"),
        Case(
            name: "no node takes it",
            status: [
                "phase": "Pending",
                "conditions": [
                    [
                        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                        "message": "0/1 nodes are available: 1 Insufficient cpu.",
                    ]
                ],
            ], word: "Unschedulable",
            verdict: "Unschedulable/-/-/true: no node takes the Pod: 0/1 nodes are available: 1 Insufficient cpu."),
        Case(
            name: "init container loops",
            status: [
                "phase": "Pending",
                "initContainerStatuses": [
                    [
                        "name": "migrate", "restartCount": 2, "state": ["waiting": ["reason": "CrashLoopBackOff"]],
                        "lastState": ["terminated": ["exitCode": 4]],
                    ]
                ],
                "containerStatuses": [["name": "web", "state": ["waiting": ["reason": "PodInitializing"]]]],
            ], word: "Init:CrashLoopBackOff",
            verdict: "Init:CrashLoopBackOff/migrate/4/false: init container migrate ended with exit code 4, "
                + "2 restarts so far"),
        // Container states are looked at before the phase: this Pod is "Running" for Kubernetes.
        Case(
            name: "one of two loops",
            status: [
                "phase": "Running",
                "containerStatuses": [
                    running,
                    [
                        "name": "side", "restartCount": 5, "state": ["waiting": ["reason": "CrashLoopBackOff"]],
                        "lastState": ["terminated": ["exitCode": 1]],
                    ],
                ],
            ], word: "CrashLoopBackOff",
            verdict: "CrashLoopBackOff/side/1/false: side ended with exit code 1, 5 restarts so far"),
    ]

    static let others: [Case] = [
        Case(
            name: "ready",
            status: ["phase": "Running", "conditions": [isReady], "containerStatuses": [running]], word: "Running",
            verdict: "ready"),
        Case(name: "ran to its end", status: ["phase": "Succeeded"], word: "Completed", verdict: "succeeded"),
        Case(name: "nothing known", status: [:], word: "Pending", verdict: "starting: waiting for a node"),
        Case(
            name: "being created", status: waiting("ContainerCreating"), word: "ContainerCreating",
            verdict: "starting: creating web"),
        Case(
            name: "a reason of tomorrow", status: waiting("Brewing"), word: "Brewing",
            verdict: "starting: web: Brewing"),
        Case(
            name: "not ready yet",
            status: [
                "phase": "Running", "conditions": [["type": "Ready", "status": "False"]],
                "containerStatuses": [["name": "web", "ready": false, "restartCount": 0, "state": ["running": [:]]]],
            ], word: "NotReady", verdict: "starting: web runs, its readiness check does not succeed yet"),
        Case(
            name: "init container runs",
            status: [
                "phase": "Pending", "initContainerStatuses": [["name": "migrate", "state": ["running": [:]]]],
                "containerStatuses": [["name": "web", "state": ["waiting": ["reason": "PodInitializing"]]]],
            ], word: "Init", verdict: "starting: init container migrate runs"),
        Case(
            name: "first crash", status: terminated(["exitCode": 1]), word: "Restarting",
            verdict: "starting: web ended with exit code 1, starts again"),
        Case(
            name: "one of two is done, and is not started again",
            status: [
                "phase": "Running",
                "containerStatuses": [
                    ["name": "copy", "ready": false, "restartCount": 0, "state": ["terminated": ["exitCode": 0]]],
                    ["name": "web", "ready": false, "restartCount": 0, "state": ["running": [:]]],
                ],
            ], policy: "Never", word: "NotReady",
            verdict: "starting: web runs, its readiness check does not succeed yet"),
    ]

    @Test(arguments: failures + others) func readsThePod(_ item: Case) {
        let status = PodHealth.status(
            of: [
                "metadata": ["name": "web-1"], "spec": ["restartPolicy": .string(item.policy)], "status": item.status,
            ], events: item.events)
        #expect(status.word == item.word)
        #expect(Self.text(status.verdict) == item.verdict)
        if case .failing(let failure) = status.verdict, failure.code != "Evicted", failure.code != "Failed" {
            #expect(failure.hint != nil)
        }
    }

    private static func text(_ verdict: PodStatus.Verdict) -> String {
        switch verdict {
        case .ready: return "ready"
        case .succeeded: return "succeeded"
        case .starting(let text): return "starting: \(text)"
        case .failing(let failure):
            let code = failure.exitCode.map { "\($0)" } ?? "-"
            return "\(failure.code)/\(failure.container ?? "-")/\(code)/\(failure.mayHeal): \(failure.message)"
        }
    }

    @Test func takesNamesContainersAndMarks() {
        let status = PodHealth.status(of: [
            "metadata": [
                "name": "web-1", "namespace": "shop", "uid": "u1", "creationTimestamp": "2026-01-01T00:00:00Z",
                "deletionTimestamp": "2026-01-02T00:00:00Z",
                "labels": ["app": "web", "pod-template-hash": "77"],
                "annotations": ["devloop.dev/generation": "abc"],
            ],
            "spec": [
                "containers": [
                    ["name": "web", "ports": [["name": "http", "containerPort": 80], ["containerPort": 81]]]
                ],
                "initContainers": [["name": "migrate"]],
            ],
            "status": [
                "phase": "Running", "conditions": [Self.isReady], "containerStatuses": [Self.running],
                "initContainerStatuses": [
                    ["name": "migrate", "restartCount": 4, "state": ["terminated": ["exitCode": 0]]]
                ],
            ],
        ])
        #expect(status.name == "web-1")
        #expect(status.namespace == "shop")
        #expect(status.uid == "u1")
        #expect(status.created == "2026-01-01T00:00:00Z")
        #expect(status.isTerminating)
        #expect(status.word == "Terminating")
        #expect(status.labels == ["app": "web", "pod-template-hash": "77"])
        #expect(status.templateHash == "77")
        #expect(status.generation == "abc")
        #expect(status.containers.map(\.name) == ["migrate", "web"])
        #expect(status.containers.map(\.role) == [.initial, .app])
        #expect(status.containers[1].isRunning)
        #expect(status.containers[1].id == "containerd://1")
        #expect(status.containers[1].ports.map(\.name) == ["http", ""])
        #expect(status.containers[1].ports.map(\.port) == [80, 81])
        // Restarts of init containers are the start's own business.
        #expect(status.restarts == 0)
    }

    /// A debug container that somebody added, and the run before of one that was started again.
    @Test func takesEveryRunOfEveryContainer() {
        let status = PodHealth.status(of: [
            "spec": ["containers": [["name": "web"]], "ephemeralContainers": [["name": "debug"]]],
            "status": [
                "phase": "Running",
                "containerStatuses": [
                    [
                        "name": "web", "containerID": "c2", "restartCount": 1, "state": ["running": [:]],
                        "lastState": ["terminated": ["containerID": "c1", "exitCode": 1]],
                    ]
                ],
                "ephemeralContainerStatuses": [["name": "debug", "containerID": "d1", "state": ["running": [:]]]],
            ],
        ])
        #expect(status.containers.map(\.name) == ["web", "debug"])
        #expect(status.containers.map(\.role) == [.app, .ephemeral])
        #expect(status.containers.map(\.previous) == ["c1", nil])
        #expect(status.restarts == 1)
    }

    @Test(arguments: [JSONValue.null, [:], "text", ["status": "odd", "spec": 3, "metadata": []]])
    func whatIsNoPodIsNoCrash(_ json: JSONValue) {
        #expect(PodHealth.status(of: json).name.isEmpty)
    }
}
