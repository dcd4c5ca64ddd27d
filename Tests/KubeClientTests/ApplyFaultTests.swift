// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

@testable import KubeClient

/// Which refusals of an apply are tried again, and what is kept of the server's answer.
@Suite(.timeLimit(.minutes(1)))
struct ApplyFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var status: Int
        var reason: String
        /// Requests until it is given up.
        var requests: Int
        var testDescription: String { "\(status) \(reason)" }
    }

    @Test(arguments: [
        // Applying twice is applying: what may pass is tried again.
        Case(status: 429, reason: "TooManyRequests", requests: 5),
        Case(status: 503, reason: "ServiceUnavailable", requests: 5),
        Case(status: 400, reason: "BadRequest", requests: 1), Case(status: 403, reason: "Forbidden", requests: 1),
        Case(status: 404, reason: "NotFound", requests: 1), Case(status: 409, reason: "Conflict", requests: 1),
        Case(status: 413, reason: "RequestEntityTooLarge", requests: 1),
        Case(status: 422, reason: "Invalid", requests: 1),
    ])
    func onlyWhatMayPassIsTriedAgain(_ item: Case) async throws {
        let count = Mutex(0)
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                guard head.hasPrefix("PATCH") else {
                    connection.answer(
                        200, #"{"resources":[{"kind":"ConfigMap","name":"configmaps","namespaced":true}]}"#)
                    continue
                }
                count.withLock { $0 += 1 }
                let answer: JSONValue = [
                    "kind": "Status", "status": "Failure", "code": .int(item.status), "reason": .string(item.reason),
                    "message": "the server's words",
                    "details": [
                        "causes": [["reason": "FieldManagerConflict", "field": ".data.a"], ["message": "odd"]]
                    ],
                ]
                connection.answer(item.status, answer.jsonText, headers: "Retry-After: 0\r\n")
            }
        }
        defer { server.stop() }
        let text = """
            current-context: x
            clusters: [{name: c, cluster: {server: '\(server.url(""))'}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            users: [{name: u, user: {}}]
            """
        let client = try KubeClient(config: try KubeConfig(parsing: Array(text.utf8), file: "/k/config"))
        let error = await #expect(throws: DevloopError.self) {
            try await client.apply(
                ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"]], namespace: "shop")
        }
        #expect(count.withLock { $0 } == item.requests)
        let failure = try #require(error?.kubeFailure)
        #expect(failure.status == item.status)
        #expect(failure.reason == item.reason)
        #expect(failure.message == "the server's words")
        #expect(failure.causes == ["FieldManagerConflict"])
    }
}
