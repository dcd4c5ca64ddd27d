// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import KubeClient
import LoopEngine
import Synchronization
import Testing

@testable import DevloopLive

/// Ephemeral containers as the documentation of Kubernetes describes them; no cluster that has them was at hand.
@Suite(.timeLimit(.minutes(1))) struct EphemeralContainerTests {
    private static func pod(
        _ spec: JSONValue = [:], context: JSONValue? = ["runAsUser": 1000], has: [JSONValue] = [],
        statuses: [JSONValue] = []
    ) -> JSONValue {
        var container: JSONValue = ["name": "web", "image": "shop/web"]
        if let context { container["securityContext"] = context }
        var all = spec
        all["containers"] = [["name": "proxy"], container]
        if !has.isEmpty { all["ephemeralContainers"] = .array(has) }
        return [
            "metadata": ["name": "web-1", "namespace": "shop"], "spec": all,
            "status": ["ephemeralContainerStatuses": .array(statuses)],
        ]
    }

    private static func own(_ number: Int, for target: String = "web") -> JSONValue {
        ["name": .string("devloop-agent-\(number)"), "targetContainerName": .string(target)]
    }

    private static func status(_ number: Int, _ state: JSONValue) -> JSONValue {
        ["name": .string("devloop-agent-\(number)"), "state": state]
    }

    @Test func oneThatRunsIsUsedAndOneThatHasEndedIsNot() throws {
        let running = Self.status(1, ["running": [:]])
        let ended = Self.status(1, ["terminated": ["exitCode": 137]])
        func find(_ pod: JSONValue) throws -> EphemeralContainer.State {
            try EphemeralContainer.find(in: pod, beside: "web")
        }
        #expect(try find(Self.pod()) == .absent(next: "devloop-agent-1"))
        #expect(try find(Self.pod(has: [["name": "debug"]])) == .absent(next: "devloop-agent-1"))
        #expect(try find(Self.pod(has: [Self.own(1)], statuses: [running])) == .running("devloop-agent-1"))
        #expect(try find(Self.pod(has: [Self.own(1)])) == .starting("devloop-agent-1"))
        #expect(
            try find(Self.pod(has: [Self.own(1)], statuses: [Self.status(1, ["waiting": ["reason": "x"]])]))
                == .starting("devloop-agent-1"))
        // Its container was started again, and it went with the one before.
        #expect(try find(Self.pod(has: [Self.own(1)], statuses: [ended])) == .absent(next: "devloop-agent-2"))
        // That of another container.
        #expect(
            try find(Self.pod(has: [Self.own(1, for: "proxy")], statuses: [running]))
                == .absent(next: "devloop-agent-2"))
    }

    @Test func whereItCouldDoNothingNoneIsMade() {
        let cases: [(JSONValue, String)] = [
            (Self.pod(["shareProcessNamespace": true]), "process 1 is not the app"),
            (Self.pod(["hostPID": true]), "process 1 is not the app"),
            (
                Self.pod(
                    has: (1...10).map { Self.own($0) },
                    statuses: (1...10).map { Self.status($0, ["terminated": ["exitCode": 137]]) }),
                "has had 10 ephemeral containers"
            ),
        ]
        for (pod, words) in cases {
            let error = #expect(throws: DevloopError.self) { try EphemeralContainer.find(in: pod, beside: "web") }
            #expect(error?.code == .syncImpossible)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        let error = #expect(throws: DevloopError.self) {
            try EphemeralContainer.patch(
                "devloop-agent-1", image: "i", in: Self.pod(context: ["runAsNonRoot": true]), beside: "web")
        }
        #expect(error?.message.contains("nobody knows the user of web") == true)
    }

    @Test func thePatchNamesTheContainerAndItsUser() throws {
        let patch = try EphemeralContainer.patch(
            "devloop-agent-3", image: "devloop/agent:x",
            in: Self.pod(context: ["runAsUser": 1000, "capabilities": ["drop": ["ALL"]]]), beside: "web")
        let container = try #require(patch.at("spec", "ephemeralContainers")?.array?.first)
        #expect(patch.at("spec", "ephemeralContainers")?.array?.count == 1)
        #expect(container["name"] == "devloop-agent-3")
        #expect(container["image"] == "devloop/agent:x")
        #expect(container["targetContainerName"] == "web")
        #expect(container["securityContext"] == ["runAsUser": 1000, "capabilities": ["drop": ["ALL"]]])
        #expect(
            container["command"] == [
                "/devloop/agent", "run", "--beside", "1", "--app-dir", "/dev/shm/devloop-agent-3",
            ])
        // What the server refuses in an ephemeral container.
        for key in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resources"] {
            #expect(container[key] == nil)
        }
        // The Pod's own user holds for all its containers; where nobody names one, most images run as root.
        let shared = Self.pod(["securityContext": ["runAsUser": 7]], context: nil)
        func user(_ pod: JSONValue) throws -> JSONValue? {
            try EphemeralContainer.patch("n", image: "i", in: pod, beside: "web")
                .at("spec", "ephemeralContainers")?[0]?.at("securityContext", "runAsUser")
        }
        #expect(try user(shared) == nil)
        #expect(try user(Self.pod(context: nil)) == 0)
    }

    /// A server that keeps one Pod, and lets what is added to it run after it was asked twice.
    private final class Server: Sendable {
        let pod: Mutex<JSONValue>
        let patches = Mutex<[(head: String, body: JSONValue?)]>([])
        private let asked = Mutex(0)
        /// What the Pod says of the container in the end.
        let outcome: JSONValue
        /// Status of the answer to the patch.
        let code: Int

        init(outcome: JSONValue = ["running": [:]], code: Int = 200) {
            pod = Mutex(EphemeralContainerTests.pod())
            self.outcome = outcome
            self.code = code
        }

        func serve(_ connection: FaultConnection) {
            while let (head, body) = connection.readRequest() {
                if head.hasPrefix("PATCH") {
                    let patch = try? JSONValue(parsing: body)
                    patches.withLock { $0.append((head, patch)) }
                    guard code == 200 else {
                        connection.answer(
                            code,
                            #"{"kind":"Status","status":"Failure","reason":"NotFound","message":"no such thing","code":\#(code)}"#,
                            headers: "Content-Type: application/json\r\n")
                        continue
                    }
                    pod.withLock { pod in
                        var spec = pod["spec"] ?? [:]
                        spec["ephemeralContainers"] = patch?.at("spec", "ephemeralContainers")
                        pod["spec"] = spec
                    }
                } else if pod.withLock({ $0.at("spec", "ephemeralContainers") }) != nil,
                    asked.withLock({ asked in
                        asked += 1
                        return asked == 2
                    })
                {
                    pod.withLock {
                        $0["status"] = ["ephemeralContainerStatuses": [EphemeralContainerTests.status(1, outcome)]]
                    }
                }
                connection.answer(
                    200, pod.withLock { $0.jsonText }, headers: "Content-Type: application/json\r\n")
            }
        }
    }

    private static func start(_ server: Server, limit: Duration = .seconds(30)) async throws -> String {
        let stand = try FaultServer { server.serve($0) }
        defer { stand.stop() }
        let config = """
            apiVersion: v1
            kind: Config
            current-context: x
            clusters: [{name: x, cluster: {server: "http://127.0.0.1:\(stand.port)"}}]
            users: [{name: u, user: {token: t}}]
            contexts: [{name: x, context: {cluster: x, user: u, namespace: shop}}]
            """
        let client = try KubeClient(config: try KubeConfig(parsing: Array(config.utf8), file: "/k/config"))
        let status = PodStatus(
            name: "web-1", namespace: "shop", uid: "u", created: "", isTerminating: false, labels: [:],
            templateHash: nil, generation: nil, containers: [], verdict: .ready, word: "Running")
        return try await EphemeralAgent(client: client, limit: limit).start(in: status, beside: "web") {
            "devloop/agent:x"
        }
    }

    @Test func itIsAddedOnceAndWaitedFor() async throws {
        let server = Server()
        #expect(try await Self.start(server) == "devloop-agent-1")
        // A second session, or the next stream, finds it.
        #expect(try await Self.start(server) == "devloop-agent-1")
        let patches = server.patches.withLock { $0 }
        #expect(patches.count == 1)
        let head = patches.first?.head ?? ""
        #expect(head.hasPrefix("PATCH /api/v1/namespaces/shop/pods/web-1/ephemeralcontainers?"))
        #expect(head.lowercased().contains("content-type: application/strategic-merge-patch+json"))
        #expect(patches.first?.body?.at("spec", "ephemeralContainers")?[0]?["targetContainerName"] == "web")
    }

    @Test func whyItDoesNotRunIsTold() async throws {
        let denied: JSONValue = [
            "terminated": ["exitCode": 1, "message": "devloop-agent: /proc/1/root/.: Permission denied; sync is off\n"]
        ]
        let missing: JSONValue = ["waiting": ["reason": "ErrImageNeverPull", "message": "not present"]]
        for (server, words) in [
            (Server(outcome: denied), "ended with exit code 1: devloop-agent: /proc/1/root/.: Permission denied"),
            (Server(outcome: missing), "does not start: ErrImageNeverPull: not present"),
            (Server(code: 404), "the server has no ephemeral containers"),
        ] {
            let error = await #expect(throws: DevloopError.self) { _ = try await Self.start(server) }
            #expect(error?.code == .syncImpossible)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        // One that never comes.
        let error = await #expect(throws: DevloopError.self) {
            _ = try await Self.start(
                Server(outcome: ["waiting": ["reason": "ContainerCreating"]]), limit: .milliseconds(500))
        }
        #expect(error?.message.contains("did not run within") == true)
    }
}
