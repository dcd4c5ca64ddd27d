// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

@testable import KubeClient

/// API servers that fail.
@Suite(.timeLimit(.minutes(1)))
struct KubeFaultTests {
    static func client(_ server: FaultServer, user: String = "{token: TOPSECRET}") throws -> KubeClient {
        let text = """
            current-context: x
            clusters: [{name: c, cluster: {server: '\(server.url(""))'}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            users: [{name: u, user: \(user)}]
            """
        return try KubeClient(config: try KubeConfig(parsing: Array(text.utf8), file: "/k/config"))
    }

    static func status(_ code: Int, _ reason: String, _ message: String) -> String {
        let value: JSONValue = [
            "kind": "Status", "status": "Failure", "code": .int(code), "reason": .string(reason),
            "message": .string(message),
        ]
        return value.jsonText
    }

    struct StatusCase: Sendable, CustomTestStringConvertible {
        var status: Int
        var reason: String
        var code: DevloopError.Code
        var requests: Int
        var testDescription: String { "\(status) \(reason)" }
    }

    @Test(arguments: [
        StatusCase(status: 401, reason: "Unauthorized", code: .clusterRefused, requests: 1),
        StatusCase(status: 403, reason: "Forbidden", code: .clusterRefused, requests: 1),
        StatusCase(status: 404, reason: "NotFound", code: .objectRefused, requests: 1),
        StatusCase(status: 409, reason: "Conflict", code: .objectRefused, requests: 1),
        StatusCase(status: 422, reason: "Invalid", code: .objectRefused, requests: 1),
        // Asked five times before it is given up.
        StatusCase(status: 429, reason: "TooManyRequests", code: .clusterUnreachable, requests: 5),
        StatusCase(status: 503, reason: "ServiceUnavailable", code: .clusterUnreachable, requests: 5),
    ])
    func mapsStatus(_ test: StatusCase) async throws {
        let count = Mutex(0)
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                count.withLock { $0 += 1 }
                guard head.contains("Authorization: Bearer TOPSECRET") else {
                    return connection.answer(500, "no token")
                }
                connection.answer(test.status, Self.status(test.status, test.reason, "the server's words"))
            }
        }
        defer { server.stop() }
        let error = await #expect(throws: DevloopError.self) {
            try await Self.client(server).get(.pods, name: "web", namespace: "shop")
        }
        #expect(error?.code == test.code)
        #expect(error?.message.contains("get pods 'web' in 'shop'") == true)
        #expect(error?.message.contains("the server's words") == true)
        #expect(error?.kubeFailure?.status == test.status)
        #expect(error?.report.contains("TOPSECRET") == false)
        #expect(count.withLock { $0 } == test.requests)
    }

    @Test func patienceIsRewarded() async throws {
        let count = Mutex(0)
        let server = try FaultServer { connection in
            while connection.readRequest() != nil {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                // The connection breaks once, the server is overloaded once, then it answers.
                if number == 1 { return connection.reset() }
                if number == 2 {
                    connection.answer(429, "", headers: "Retry-After: 0\r\n")
                } else {
                    connection.answer(200, "{}")
                }
            }
        }
        defer { server.stop() }
        _ = try await Self.client(server).get("/version")
        #expect(count.withLock { $0 } == 3)
    }

    @Test func creatingIsNotRepeated() async throws {
        let count = Mutex(0)
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                if head.hasPrefix("POST") {
                    count.withLock { $0 += 1 }
                    connection.answer(503, "busy")
                } else {
                    connection.answer(
                        200, #"{"resources":[{"kind":"ConfigMap","name":"configmaps","namespaced":true}]}"#)
                }
            }
        }
        defer { server.stop() }
        await #expect(throws: DevloopError.self) {
            try await Self.client(server).create(["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"]])
        }
        #expect(count.withLock { $0 } == 1)
    }

    @Test func notAnAPIServer() async throws {
        let server = try FaultServer { connection in
            while connection.readRequest() != nil { connection.answer(200, "<html>") }
        }
        defer { server.stop() }
        let error = await #expect(throws: DevloopError.self) { try await Self.client(server).serverVersion() }
        #expect(error?.code == .protocolViolation)
    }

    @Test func tokenFileIsReadAgainAfter401() async throws {
        let folder = try TemporaryDirectory("token")
        let file = try folder.write("token", "old\n")
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                if head.contains("Bearer new") {
                    connection.answer(200, "{\"gitVersion\":\"v1\"}")
                } else {
                    _ = try? folder.write("token", "new\n")
                    connection.answer(401, Self.status(401, "Unauthorized", "Unauthorized"))
                }
            }
        }
        defer { server.stop() }
        #expect(try await Self.client(server, user: "{tokenFile: \(file)}").serverVersion() == "v1")
    }

    @Test func execPluginSpeaksForUs() async throws {
        let folder = try TemporaryDirectory("plugin")
        try folder.write(
            "login",
            """
            #!/bin/sh
            printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-%s"}}' "$1"
            """, mode: 0o755)
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                connection.answer(200, "{\"gitVersion\":\"\(head.contains("Bearer from-plugin"))\"}")
            }
        }
        defer { server.stop() }
        let exec = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(folder("login")), args: [plugin]}}"
        #expect(try await Self.client(server, user: exec).serverVersion() == "true")

        let missing =
            "{exec: {apiVersion: client.authentication.k8s.io/v1, command: \(folder("missing")), installHint: install it}}"
        let error = await #expect(throws: DevloopError.self) {
            try await Self.client(server, user: missing).serverVersion()
        }
        #expect(error?.code == .kubeconfig)
        #expect(error?.hint == "install it")
        #expect(error?.location?.file == "/k/config")
    }

    /// What a follower sees of a server that cuts, expires, and comes back.
    @Test func followerSurvivesEverything() async throws {
        @Sendable func list(_ version: Int, _ names: [String]) -> String {
            let items = names.map { name -> JSONValue in
                ["metadata": ["name": .string(name), "uid": .string(name), "resourceVersion": "1"]]
            }
            let value: JSONValue = ["metadata": ["resourceVersion": .string(String(version))], "items": .array(items)]
            return value.jsonText
        }
        let asked = Mutex<[String]>([])
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                let line = head.split(separator: "\r\n")[0]
                let version = line.firstRange(of: "resourceVersion=").map {
                    line[$0.upperBound...].prefix(while: \.isNumber)
                }
                let step = asked.withLock { asked in
                    asked.append(version.map { "watch \($0)" } ?? "list")
                    return asked.count
                }
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                func chunk(_ text: String) {
                    connection.write("\(String(text.utf8.count + 1, radix: 16))\r\n\(text)\n\r\n")
                }
                func event(_ type: String, _ name: String, _ version: Int) -> String {
                    "{\"type\":\"\(type)\",\"object\":{\"metadata\":{\"name\":\"\(name)\",\"uid\":\"\(name)\",\"resourceVersion\":\"\(version)\"}}}"
                }
                switch step {
                case 1: connection.answer(200, list(10, ["a"]))
                case 2:
                    connection.write(head)
                    chunk(event("ADDED", "b", 11))
                    chunk(event("BOOKMARK", "", 15))
                    return connection.reset()
                case 3:
                    connection.write(head)
                    chunk("{\"type\":\"ERROR\",\"object\":\(Self.status(410, "Expired", "too old"))}")
                    connection.write("0\r\n\r\n")
                case 4: connection.answer(200, list(20, ["b", "c"]))
                case 5:
                    connection.write(head)
                    chunk(event("DELETED", "c", 21))
                    connection.waitForEnd()
                default: return
                }
            }
        }
        defer { server.stop() }
        var seen: [String] = []
        for await event in try Self.client(server).follow(.pods, namespace: "shop") {
            func name(_ object: JSONValue) -> String { object.at("metadata", "name")?.string ?? "" }
            switch event {
            case .connected: seen.append("connected")
            case .disconnected: seen.append("disconnected")
            case .synced: seen.append("synced")
            case .added(let object): seen.append("+\(name(object))")
            case .modified(let object): seen.append("~\(name(object))")
            case .deleted(let object): seen.append("-\(name(object))")
            }
            if seen.last == "-c" { break }
        }
        #expect(
            seen == ["+a", "synced", "connected", "+b", "disconnected", "connected", "-a", "~b", "+c", "synced", "-c"])
        #expect(asked.withLock { $0 } == ["list", "watch 10", "watch 15", "list", "watch 20"])
    }

    @Test func unreachableServerIsReportedAndTriedAgain() async throws {
        let server = try FaultServer { _ in }
        server.stop()
        var seen = 0
        for await event in try Self.client(server).follow(.pods) {
            guard case .disconnected(let error) = event else { continue }
            #expect(error.code == .clusterUnreachable)
            seen += 1
            if seen == 2 { break }
        }
        #expect(seen == 2)
    }

    /// The stream of a log is cut twice; the server sends the last second again each time.
    @Test func logGoesOnWithoutGapOrRepeat() async throws {
        let asked = Mutex<[String]>([])
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                let line = String(head.split(separator: "\r\n")[0])
                guard line.contains("/log?") else {
                    let running = asked.withLock { $0.count < 3 }
                    connection.answer(
                        200,
                        running
                            ? #"{"status":{"containerStatuses":[{"name":"main","containerID":"c1","state":{"running":{}}}]}}"#
                            : #"{"status":{"containerStatuses":[{"name":"main","containerID":"c1","state":{"terminated":{}}}]}}"#
                    )
                    continue
                }
                let step = asked.withLock { asked in
                    let since = line.firstRange(of: "sinceTime=2026-11-24T13%3A50%3A").map {
                        "since \(line[$0.upperBound...].prefix(2))"
                    }
                    asked.append(since ?? "whole")
                    return asked.count
                }
                connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                func chunk(_ text: String) { connection.write("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n") }
                switch step {
                case 1:
                    chunk("2026-11-24T13:50:00.5Z one\n2026-11-24T13:50:01.1Z two\n2026-11-24T13:5")
                    return connection.reset()
                case 2:
                    // An orderly end although the container runs: a server that restarts.
                    chunk("2026-11-24T13:50:01.1Z two\n2026-11-24T13:50:01.2Z three\n")
                    connection.write("0\r\n\r\n")
                default:
                    chunk("2026-11-24T13:50:01.1Z two\n2026-11-24T13:50:01.2Z three\n2026-11-24T13:50:02Z four\n")
                    connection.write("0\r\n\r\n")
                }
            }
        }
        defer { server.stop() }
        var seen: [String] = []
        for await event in try Self.client(server).followLogs(namespace: "shop", pod: "web", container: "main") {
            switch event {
            case .line(let line): seen.append(String(decoding: line.text, as: UTF8.self))
            case .interrupted(let error): seen.append("cut: \(error.code.name)")
            }
        }
        #expect(seen == ["one", "two", "cut: cluster-unreachable", "three", "four"])
        // The last one makes sure that an ended container's log was read to its end.
        #expect(asked.withLock { $0 } == ["whole", "since 01", "since 01", "since 02"])
    }
}
