// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Testing

/// What only the records about a Pod tell: probes, hooks, volumes, and why an image cannot be pulled.
@Suite(.timeLimit(.minutes(1)))
struct PodEventTests {
    private static func event(
        _ reason: String, _ message: String, at second: Int = 30, of container: String? = "web"
    ) -> PodEvent {
        PodEvent(reason: reason, message: message, container: container, last: "2026-01-01T00:00:\(second)")
    }

    private static func running(since second: Int, restarts: Int = 0, isReady: Bool = false) -> JSONValue {
        [
            "phase": "Running", "conditions": [["type": "Ready", "status": .string(isReady ? "True" : "False")]],
            "containerStatuses": [
                [
                    "name": "web", "ready": .bool(isReady), "restartCount": .int(restarts),
                    "state": ["running": ["startedAt": .string("2026-01-01T00:00:\(second)Z")]],
                ]
            ],
        ]
    }

    private static func crashed(_ code: Int, since second: Int, _ more: JSONObject = [:]) -> JSONValue {
        var ended: JSONObject = [
            "exitCode": .int(code), "startedAt": .string("2026-01-01T00:00:\(second)Z"),
            "finishedAt": "2026-01-01T00:00:50Z",
        ]
        for member in more.members { ended[member.key] = member.value }
        return [
            "phase": "Running",
            "containerStatuses": [
                [
                    "name": "web", "ready": false, "restartCount": 2,
                    "state": ["waiting": ["reason": "CrashLoopBackOff"]], "lastState": ["terminated": .object(ended)],
                ]
            ],
        ]
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var status: JSONValue
        var events: [PodEvent]
        var code: String
        var says: String
        var testDescription: String { name }
    }

    private static let liveness = "Liveness probe failed: HTTP probe failed with statuscode: 500"
    private static let readiness = "Readiness probe failed: dial tcp 10.0.0.1:80: connect: connection refused"
    private static let creating: JSONValue = [
        "phase": "Pending",
        "containerStatuses": [["name": "web", "state": ["waiting": ["reason": "ContainerCreating"]]]],
    ]

    static let cases: [Case] = [
        Case(
            name: "a probe has killed it", status: crashed(137, since: 20), events: [event("Unhealthy", liveness)],
            code: "LivenessProbeFailed",
            says: "web was killed by the kubelet, 2 restarts so far: \(liveness)"),
        Case(
            name: "a probe has killed it in an earlier life", status: crashed(137, since: 40),
            events: [event("Unhealthy", liveness)], code: "LivenessProbeFailed", says: "2 restarts so far"),
        Case(
            name: "killed, but by no probe", status: crashed(137, since: 20), events: [event("Unhealthy", readiness)],
            code: "CrashLoopBackOff", says: "web ended with exit code 137"),
        Case(
            name: "it ended by itself, though a probe failed too", status: crashed(3, since: 20),
            events: [event("Unhealthy", liveness)], code: "CrashLoopBackOff", says: "web ended with exit code 3"),
        Case(
            name: "a startup probe", status: crashed(143, since: 20),
            events: [event("Unhealthy", "Startup probe failed: no")], code: "StartupProbeFailed",
            says: "Startup probe failed: no"),
        Case(
            name: "another container's probe", status: crashed(137, since: 20),
            events: [event("Unhealthy", liveness, of: "side")], code: "CrashLoopBackOff", says: "exit code 137"),
        Case(
            name: "it runs again, and fails again", status: running(since: 20, restarts: 1),
            events: [event("Unhealthy", liveness)], code: "LivenessProbeFailed", says: "1 restarts so far"),
        Case(
            name: "a hook", status: crashed(137, since: 20),
            events: [event("FailedPostStartHook", "Exec lifecycle hook failed - error: exit 1")],
            code: "PostStartHookError", says: "Exec lifecycle hook failed"),
        Case(
            name: "what the runtime could not start",
            status: crashed(128, since: 20, ["reason": "StartError", "message": "exec: \"/x\": no such file"]),
            events: [], code: "StartError", says: "web cannot be started: exec: \"/x\": no such file"),
        Case(
            name: "another architecture",
            status: crashed(128, since: 20, ["reason": "StartError", "message": "exec /x: exec format error"]),
            events: [], code: "ExecFormatError", says: "web was built for another architecture"),
        Case(
            name: "a volume", status: creating,
            events: [event("FailedMount", "MountVolume.SetUp failed: secret \"x\" not found", of: nil)],
            code: "VolumeNotMounted", says: "secret \"x\" not found"),
        Case(
            name: "a node that is gone",
            status: [
                "phase": "Running",
                "conditions": [
                    ["type": "Ready", "status": "False"], ["type": "ContainersReady", "status": "True"],
                ],
                "containerStatuses": [["name": "web", "ready": true, "state": ["running": [:]]]],
            ], events: [], code: "NodeNotReady", says: "does not answer"),
        Case(
            name: "ended by its deadline",
            status: [
                "phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active too long",
                "containerStatuses": [["name": "web", "state": ["terminated": ["exitCode": 137]]]],
            ], events: [], code: "DeadlineExceeded", says: "Pod was active too long"),
    ]

    @Test(arguments: cases) func tellsTheCause(_ item: Case) throws {
        let status = PodHealth.status(of: ["metadata": ["name": "web-1"], "status": item.status], events: item.events)
        let failure = try #require(status.failure)
        #expect(failure.code == item.code && status.word == item.code)
        #expect(failure.message.contains(item.says), "\(failure.message)")
        #expect(failure.hint?.isEmpty == false)
    }

    /// runc tells of it in the container's log only.
    @Test(
        arguments: [
            ("exec /app/web: exec format error", 1, "ExecFormatError"),
            ("standard_init_linux.go:228: exec user process caused: exec format error", 1, "ExecFormatError"),
            ("web: cannot load a plug-in: exec format error", 1, "CrashLoopBackOff"),
            ("exec /app/web: exec format error", 3, "CrashLoopBackOff"),
        ])
    func anotherArchitectureIsToldByTheLastLine(_ line: String, _ code: Int, _ expected: String) {
        let pod: JSONValue = [
            "status": Self.crashed(code, since: 50, ["reason": "Error", "containerID": "containerd://1"])
        ]
        let suspects = PodHealth.suspects(of: pod)
        #expect(suspects.map(\.container) == (code == 1 ? ["web"] : []))
        let words = suspects.isEmpty ? [:] : ["web": line]
        #expect(PodHealth.status(of: pod, words: words).failure?.code == expected)
        // One that has run for a while was started.
        let older: JSONValue = ["status": Self.crashed(1, since: 20, ["reason": "Error", "containerID": "c"])]
        #expect(PodHealth.suspects(of: older).isEmpty)
    }

    /// Not ready yet is no failure, but its reason is told.
    @Test func aReadinessProbeSaysWhyItWaits() {
        let status = PodHealth.status(
            of: ["status": Self.running(since: 20)], events: [Self.event("Unhealthy", Self.readiness)])
        #expect(status.word == "ReadinessProbeFailed")
        #expect(status.verdict == .starting("web runs, but is not ready: \(Self.readiness)"))
        let ready = PodHealth.status(
            of: ["status": Self.running(since: 20, isReady: true)], events: [Self.event("Unhealthy", Self.readiness)])
        #expect(ready.verdict == .ready)
        let older = PodHealth.status(
            of: ["status": Self.running(since: 40)], events: [Self.event("Unhealthy", Self.readiness)])
        #expect(older.word == "NotReady")
    }

    /// The words of containerd, Docker and cri-o for four causes.
    @Test(
        arguments: [
            ("failed to resolve reference \"r/x:1\": r/x:1: not found", "the registry has no such name or tag"),
            ("manifest for x:nope not found: manifest unknown: manifest unknown", "no such name or tag"),
            ("reading manifest nope in docker.io/library/x: manifest unknown", "no such name or tag"),
            (
                "pull access denied for x, repository does not exist or may require 'docker login'",
                "the registry knows no such name"
            ),
            ("name unknown: repository name not known to registry", "the registry knows no such name"),
            ("unexpected status code [manifests 1]: 401 Unauthorized", "does not let the node have it"),
            ("pulling from host r failed with status code [manifests 1]: 403 Forbidden", "does not let the node"),
            ("no basic auth credentials", "does not let the node have it"),
            ("dial tcp 127.0.0.1:1: connect: connection refused", "cannot reach the registry"),
            ("dial tcp: lookup r.invalid: no such host", "cannot reach the registry"),
            ("Head \"https://r/v2/\": x509: certificate signed by unknown authority", "cannot reach the registry"),
            ("http: server gave HTTP response to HTTPS client", "cannot reach the registry"),
            ("net/http: request canceled (Client.Timeout exceeded)", "cannot reach the registry"),
            ("something of tomorrow", "cannot be pulled: rpc error: something of tomorrow"),
        ])
    func pullsFailForFourCauses(_ cause: String, _ says: String) throws {
        let status: JSONValue = [
            "phase": "Pending",
            "containerStatuses": [
                [
                    "name": "web", "image": "r/x:1",
                    "state": [
                        "waiting": ["reason": "ImagePullBackOff", "message": "Back-off pulling image \"r/x:1\""]
                    ],
                ]
            ],
        ]
        var event = Self.event("Failed", "Failed to pull image \"r/x:1\": rpc error: \(cause)")
        if says.hasPrefix("cannot be pulled:") { event.message = "Failed to pull image: rpc error: \(cause)" }
        let failure = try #require(PodHealth.status(of: ["status": status], events: [event]).failure)
        #expect(failure.code == "ImagePullBackOff")
        #expect(failure.message.contains(says.split(separator: ": ").last ?? ""), "\(failure.message)")
        #expect(failure.message.contains(cause))
    }

    @Test(
        arguments: [
            ("configmap \"shop\" not found", "make the ConfigMap shop, or mend its name in the manifest"),
            ("secret \"shop\" not found", "make the Secret shop, or mend its name in the manifest"),
            ("couldn't find key port in ConfigMap web/shop", "add the key port to the ConfigMap web/shop"),
            ("couldn't find key port in Secret web/shop", "add the key port to the Secret web/shop"),
            ("container has runAsNonRoot and image will run as root", nil),
        ] as [(String, String?)])
    func missingConfigurationIsNamed(_ message: String, _ hint: String?) throws {
        let status: JSONValue = [
            "containerStatuses": [
                [
                    "name": "web",
                    "state": ["waiting": ["reason": "CreateContainerConfigError", "message": .string(message)]],
                ]
            ]
        ]
        let failure = try #require(PodHealth.status(of: ["status": status]).failure)
        #expect(failure.hint == hint ?? Problem.find("CreateContainerConfigError")?.hint)
    }

    @Test func eventsAreReadFromTheirObjects() {
        let event = PodEvent([
            "reason": "Unhealthy", "message": "no", "lastTimestamp": .null,
            "series": ["lastObservedTime": "2026-01-01T00:00:00.123456Z"],
            "involvedObject": ["fieldPath": "spec.containers{web}"],
        ])
        #expect(event == PodEvent(reason: "Unhealthy", message: "no", container: "web", last: "2026-01-01T00:00:00"))
        #expect(PodEvent(.null) == PodEvent(reason: "", message: "", container: nil, last: ""))
    }
}
