// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

@testable import KubeClient

/// API servers whose lists and watches go wrong.
@Suite(.timeLimit(.minutes(1)))
struct WatchFaultTests {
    private static func object(_ name: String, _ version: Int) -> JSONValue {
        ["metadata": ["name": .string(name), "uid": .string(name), "resourceVersion": .string(String(version))]]
    }

    private static func list(_ version: Int, _ names: [String], next: String? = nil) -> String {
        var metadata: JSONValue = ["resourceVersion": .string(String(version))]
        metadata["continue"] = next.map { .string($0) }
        let value: JSONValue = ["metadata": metadata, "items": .array(names.map { object($0, 1) })]
        return value.jsonText
    }

    private static func event(_ type: String, _ name: String, _ version: Int) -> String {
        let value: JSONValue = ["type": .string(type), "object": object(name, version)]
        return value.jsonText
    }

    private static func watch(_ connection: FaultConnection, _ events: [String], ends: Bool) {
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in events {
            connection.write("\(String(event.utf8.count + 1, radix: 16))\r\n\(event)\n\r\n")
        }
        if ends { connection.write("0\r\n\r\n") }
    }

    private static func name(_ object: JSONValue) -> String { object.at("metadata", "name")?.string ?? "" }

    /// The pages of a list outlive their snapshot once: the list is whole all the same, and nothing seems to be gone.
    @Test func anExpiredPageStartsTheListOver() async throws {
        let asked = Mutex<[String]>([])
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                let isSecond = head.split(separator: "\r\n")[0].contains("continue=next")
                let number = asked.withLock { asked in
                    asked.append(isSecond ? "second" : "first")
                    return asked.count
                }
                if !isSecond {
                    connection.answer(200, Self.list(5, ["a", "b"], next: "next"))
                } else if number == 2 {
                    connection.answer(410, KubeFaultTests.status(410, "Expired", "the snapshot is gone"))
                } else {
                    connection.answer(200, Self.list(5, ["c"]))
                }
            }
        }
        defer { server.stop() }
        let list = try await KubeFaultTests.client(server).list(.pods, namespace: "shop", pageSize: 2)
        #expect(list.items.map(Self.name) == ["a", "b", "c"])
        #expect(list.resourceVersion == "5")
        #expect(asked.withLock { $0 } == ["first", "second", "first", "second"])
    }

    @Test func pagesThatAlwaysExpireAreAnError() async throws {
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                if head.contains("continue=next") {
                    connection.answer(410, KubeFaultTests.status(410, "Expired", "the snapshot is gone"))
                } else {
                    connection.answer(200, Self.list(5, ["a"], next: "next"))
                }
            }
        }
        defer { server.stop() }
        let error = await #expect(throws: DevloopError.self) {
            try await KubeFaultTests.client(server).list(.pods, namespace: "shop")
        }
        #expect(error?.kubeFailure?.isExpired == true)
    }

    enum Place: CaseIterable { case inTheAnswer, inTheStream }

    /// A server that forgets the place of its own list is not asked in circles as fast as it answers.
    @Test(arguments: Place.allCases) func aStormOfExpiryIsNoBusyLoop(_ place: Place) async throws {
        let lists = Mutex(0)
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                guard head.split(separator: "\r\n")[0].contains("watch=true") else {
                    lists.withLock { $0 += 1 }
                    connection.answer(200, Self.list(5, ["a"]))
                    continue
                }
                let status = KubeFaultTests.status(410, "Expired", "too old")
                switch place {
                case .inTheAnswer: connection.answer(410, status)
                case .inTheStream: Self.watch(connection, ["{\"type\":\"ERROR\",\"object\":\(status)}"], ends: true)
                }
            }
        }
        defer { server.stop() }
        let follower = try KubeFaultTests.client(server).follow(.pods, namespace: "shop")
        let added = Mutex(0)
        let task = Task {
            for await event in follower { if case .added = event { added.withLock { $0 += 1 } } }
        }
        let start = ContinuousClock.now
        #expect(await poll { lists.withLock { $0 } >= 4 })
        // Pauses of at least 125, 250 and 500 ms lie between four lists.
        #expect(ContinuousClock.now - start >= .milliseconds(800))
        task.cancel()
        await task.value
        #expect(added.withLock { $0 } == 1)
    }

    /// What is gone already is not reported as gone again; what the new history does not have is.
    @Test func aServerThatComesBackWithAnotherHistoryIsListed() async throws {
        let asked = Mutex<[String]>([])
        let script: @Sendable (FaultConnection) -> Void = { connection in
            while let (head, _) = connection.readRequest() {
                let line = head.split(separator: "\r\n")[0]
                let isWatch = line.contains("watch=true")
                let number = asked.withLock { asked in
                    asked.append(isWatch ? "watch" : "list")
                    return asked.count
                }
                switch (isWatch, number) {
                case (false, 1): connection.answer(200, Self.list(1_000, ["old"]))
                case (true, 2):
                    Self.watch(connection, [Self.event("DELETED", "stranger", 1_001)], ends: false)
                    return
                case (false, _): connection.answer(200, Self.list(7, ["new"]))
                default:
                    Self.watch(
                        connection, [Self.event("DELETED", "old", 8), Self.event("DELETED", "new", 9)], ends: false)
                    connection.waitForEnd()
                }
            }
        }
        let server = try FaultServer(script)
        defer { server.stop() }
        // Between the two histories nobody listens.
        let proxy = try FaultProxy(to: server.port)
        let text = """
            current-context: x
            clusters: [{name: c, cluster: {server: 'http://127.0.0.1:\(proxy.port)'}}]
            contexts: [{name: x, context: {cluster: c, user: ''}}]
            """
        let client = try KubeClient(config: try KubeConfig(parsing: Array(text.utf8), file: "/k/config"))
        var seen: [String] = []
        for await event in client.follow(.pods, namespace: "shop") {
            switch event {
            case .connected:
                seen.append("connected")
                if seen.filter({ $0 == "connected" }).count == 1 {
                    proxy.stop()
                    proxy.cutAll()
                }
            case .disconnected(let error):
                seen.append("disconnected")
                if error.httpFailure?.kind == .connect { try proxy.start() }
            case .synced: seen.append("synced")
            case .added(let object): seen.append("+\(Self.name(object))")
            case .modified(let object): seen.append("~\(Self.name(object))")
            case .deleted(let object): seen.append("-\(Self.name(object))")
            }
            if seen.last == "-new" { break }
        }
        proxy.stop()
        var short: [String] = []
        for word in seen where short.last != word { short.append(word) }
        #expect(
            short == [
                "+old", "synced", "connected", "disconnected", "-old", "+new", "synced", "connected", "-new",
            ])
    }

    /// Patience that the server asks for is kept before the watch is opened again.
    @Test func retryAfterHoldsForWatches() async throws {
        let times = Mutex<[ContinuousClock.Instant]>([])
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                guard head.split(separator: "\r\n")[0].contains("watch=true") else {
                    connection.answer(200, Self.list(5, []))
                    continue
                }
                let number = times.withLock { times in
                    times.append(.now)
                    return times.count
                }
                if number == 1 {
                    connection.answer(
                        429, KubeFaultTests.status(429, "TooManyRequests", "later"), headers: "Retry-After: 1\r\n")
                } else {
                    Self.watch(connection, [Self.event("ADDED", "a", 6)], ends: false)
                    connection.waitForEnd()
                }
            }
        }
        defer { server.stop() }
        for await event in try KubeFaultTests.client(server).follow(.pods, namespace: "shop") {
            if case .added = event { break }
        }
        let (first, second) = try times.withLock { times in (times[0], try #require(times.last)) }
        #expect(second - first >= .seconds(1))
    }

    /// Asked to come back later, nothing was done: even what is not safe to repeat is sent again.
    @Test func throttledCreationIsSentAgain() async throws {
        let posts = Mutex(0)
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                guard head.hasPrefix("POST") else {
                    connection.answer(
                        200, #"{"resources":[{"kind":"ConfigMap","name":"configmaps","namespaced":true}]}"#)
                    continue
                }
                let number = posts.withLock { posts in
                    posts += 1
                    return posts
                }
                if number < 3 {
                    connection.answer(429, "later", headers: "Retry-After: 0\r\n")
                } else {
                    connection.answer(201, "{}")
                }
            }
        }
        defer { server.stop() }
        _ = try await KubeFaultTests.client(server)
            .create(["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"]])
        #expect(posts.withLock { $0 } == 3)
    }

    /// A clock that is years off changes nothing: no decision compares the server's time with ours.
    @Test func aServerWithAnotherTimeIsFollowed() async throws {
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                let line = head.split(separator: "\r\n")[0]
                let date = "Date: Thu, 01 Jan 1998 00:00:00 GMT\r\n"
                if line.contains("/log?") {
                    connection.answer(
                        200, line.contains("sinceTime") ? "" : "1998-01-01T00:00:00.5Z old\n", headers: date)
                } else if line.contains("watch=true") {
                    Self.watch(connection, [Self.event("ADDED", "a", 6)], ends: false)
                    connection.waitForEnd()
                } else if line.contains("/pods/web") {
                    connection.answer(
                        200,
                        #"{"status":{"containerStatuses":[{"name":"main","containerID":"c1","state":{"terminated":{}}}]}}"#,
                        headers: date)
                } else {
                    connection.answer(200, Self.list(5, []), headers: date)
                }
            }
        }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server)
        for await event in client.follow(.pods, namespace: "shop") {
            if case .added = event { break }
        }
        var lines: [String] = []
        for await event in client.followLogs(namespace: "shop", pod: "web", container: "main") {
            if case .line(let line) = event { lines.append(String(decoding: line.text, as: UTF8.self)) }
        }
        #expect(lines == ["old"])
    }
}
