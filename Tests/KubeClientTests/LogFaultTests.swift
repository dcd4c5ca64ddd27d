// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

@testable import KubeClient

/// Logs of containers that come and go, and floods of lines.
@Suite(.timeLimit(.minutes(2)))
struct LogFaultTests {
    private static func pod(_ status: String) -> JSONValue {
        (try? JSONValue(parsing: #"{"status":{"containerStatuses":[\#(status)]}}"#)) ?? .null
    }

    struct LifeCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status: String
        /// Where the lives a, b and the newest are.
        var want: [ContainerLives.Place]

        static let all: [LifeCase] = [
            LifeCase(
                testDescription: "running for the first time",
                status: #"{"name":"main","containerID":"a","state":{"running":{}},"lastState":{}}"#,
                want: [.current(isRunning: true), .gone, .current(isRunning: true)]),
            LifeCase(
                testDescription: "running again",
                status:
                    #"{"name":"main","containerID":"b","state":{"running":{}},"lastState":{"terminated":{"containerID":"a"}}}"#,
                want: [.previous, .current(isRunning: true), .current(isRunning: true)]),
            LifeCase(
                testDescription: "ended",
                status: #"{"name":"main","containerID":"b","state":{"terminated":{"containerID":"b"}}}"#,
                want: [.gone, .current(isRunning: false), .current(isRunning: false)]),
            LifeCase(
                testDescription: "waits for its next start",
                status:
                    #"{"name":"main","containerID":"b","state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"containerID":"b"}}}"#,
                want: [.gone, .current(isRunning: false), .current(isRunning: false)]),
            LifeCase(
                testDescription: "not started yet", status: #"{"name":"main","state":{"waiting":{}}}"#,
                want: [.gone, .gone, .gone]),
            LifeCase(
                testDescription: "another container",
                status: #"{"name":"other","containerID":"a","state":{"running":{}}}"#,
                want: [.gone, .gone, .gone]),
        ]
    }

    @Test(arguments: LifeCase.all) func findsTheLogOfEachLife(_ test: LifeCase) {
        let lives = ContainerLives(of: "main", in: Self.pod(test.status))
        #expect([lives.place(of: "a"), lives.place(of: "b"), lives.place(of: nil)] == test.want)
    }

    @Test(arguments: ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"])
    func knowsEverySortOfContainer(_ list: String) throws {
        let pod = try JSONValue(
            parsing: #"{"status":{"\#(list)":[{"name":"main","containerID":"a","state":{"running":{}}}]}}"#)
        #expect(ContainerLives(of: "main", in: pod) == ContainerLives(running: "a"))
    }

    /// Answers questions about the Pod with `status`, and notes the queries for logs.
    private static func server(
        _ status: String, _ asked: SharedList, _ lines: @escaping @Sendable (Substring) -> String
    ) throws -> FaultServer {
        try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                let line = head.split(separator: "\r\n")[0]
                guard line.contains("/log?") else {
                    connection.answer(200, pod(status).jsonText)
                    continue
                }
                asked.add(String(line))
                connection.answer(200, lines(line))
            }
        }
    }

    private static func read(_ follower: LogFollower) async -> [String] {
        var lines: [String] = []
        for await event in follower {
            if case .line(let line) = event { lines.append(String(decoding: line.text, as: UTF8.self)) }
        }
        return lines
    }

    /// The container has been started again before its first log was opened: that log is read, and the second is not.
    @Test func theLogOfACrashedRunIsReadUnderItsOwnName() async throws {
        let asked = SharedList()
        let server = try Self.server(
            #"{"name":"main","containerID":"b","state":{"running":{}},"lastState":{"terminated":{"containerID":"a"}}}"#,
            asked
        ) { line in
            "2026-11-24T13:50:00Z \(line.contains("previous=true") ? "first" : "second") run\n"
        }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server)
        let lines = await Self.read(client.followLogs(namespace: "shop", pod: "web", container: "main", life: "a"))
        #expect(lines == ["first run"])
        // Twice: until there is nothing new.
        #expect(asked.values.count == 2)
        #expect(asked.values.allSatisfy { !$0.contains("follow=true") && $0.contains("previous=true") })
    }

    /// A runtime that is still writing when the container has ended: the log is read until nothing new comes, and a line
    /// that was half written is whole in the end.
    @Test func theLogOfAnEndedContainerIsReadToItsEnd() async throws {
        let asked = SharedList()
        let server = try Self.server(
            #"{"name":"main","containerID":"a","state":{"terminated":{}}}"#, asked
        ) { _ in
            let first = "2026-11-24T13:50:00.1Z one\n"
            let second = "2026-11-24T13:50:00.2Z two and a half\n"
            return switch asked.values.count {
            case 1: first + "2026-11-24T13:50:00.2Z two a"
            case 2: first + second
            default: first + second + "2026-11-24T13:50:00.3Z no end"
            }
        }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server)
        let lines = await Self.read(client.followLogs(namespace: "shop", pod: "web", container: "main"))
        #expect(lines == ["one", "two and a half", "no end"])
        #expect(asked.values.count == 4)
    }

    /// The server did not know yet that the container was started again, and gave the log of the second run as that of the
    /// first: who reads the second run then goes on where the first reader has come to.
    @Test func aRunThatWasReadUnderTheNameOfTheOneBeforeIsNotRepeated() async throws {
        let place = LogPlace()
        func read(_ life: String, _ log: String) async throws -> [String] {
            let server = try Self.server(
                "{\"name\":\"main\",\"containerID\":\"\(life)\",\"state\":{\"terminated\":{}}}", SharedList()
            ) { _ in log }
            defer { server.stop() }
            let client = try KubeFaultTests.client(server)
            return await Self.read(
                client.followLogs(namespace: "shop", pod: "web", container: "main", life: life, place: place))
        }
        let start = "2026-11-24T13:49:59.9Z first run\n"
        let second = "2026-11-24T13:50:01.1Z one\n2026-11-24T13:50:01.2Z two\n"
        #expect(try await read("a", start + second) == ["first run", "one", "two"])
        #expect(
            try await read("b", second + "2026-11-24T13:50:01.2Z two\n2026-11-24T13:50:02Z three\n") == [
                "two", "three",
            ])
    }

    @Test func theLogOfALifeThatIsGoneIsNotAskedFor() async throws {
        let asked = SharedList()
        let server = try Self.server(
            #"{"name":"main","containerID":"c","state":{"running":{}},"lastState":{"terminated":{"containerID":"b"}}}"#,
            asked
        ) { _ in "2026-11-24T13:50:00Z another's\n" }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server)
        let lines = await Self.read(client.followLogs(namespace: "shop", pod: "web", container: "main", life: "a"))
        #expect(lines.isEmpty)
        #expect(asked.values.isEmpty)
    }

    @Test func aPreviousLogThatIsNotThereEnds() async throws {
        let server = try FaultServer { connection in
            while connection.readRequest() != nil {
                connection.answer(
                    400, KubeFaultTests.status(400, "BadRequest", "previous terminated container not found"))
            }
        }
        defer { server.stop() }
        let follower = try KubeFaultTests.client(server).followLogs(
            namespace: "shop", pod: "web", container: "main", options: LogOptions(previous: true))
        #expect(await Self.read(follower).isEmpty)
    }

    struct PieceCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var pieces: [Int]
    }

    @Test(arguments: [
        PieceCase(testDescription: "one piece", pieces: [100]),
        PieceCase(testDescription: "exactly one piece", pieces: [16_384]),
        PieceCase(testDescription: "containerd", pieces: [16_384, 16_384, 5]),
        PieceCase(testDescription: "CRI-O", pieces: [8_192, 8_192, 8_192, 1]),
    ])
    func piecesOfALineAreJoined(_ test: PieceCase) {
        var stamped: [UInt8] = []
        var text: [UInt8] = []
        for (number, size) in test.pieces.enumerated() {
            let piece = [UInt8](repeating: UInt8(ascii: "a") + UInt8(number), count: size)
            stamped += Array("2026-11-24T13:50:00.12345678\(number)Z ".utf8) + piece
            text += piece
        }
        let line = LogLine(stamped: stamped)
        #expect(line.time == LogTimestamp("2026-11-24T13:50:00.123456780Z"))
        #expect(line.text == text)
        // Words that look like a stamp stay where they are.
        let own = Array("2026-11-24T13:50:00Z at 2026-11-24T13:50:00Z ".utf8) + text
        #expect(LogLine(stamped: own).text == Array("at 2026-11-24T13:50:00Z ".utf8) + text)
    }

    /// Four logs at once, as fast as they are read, cut now and then: every line comes once, in order.
    @Test func aFloodLosesNothing() async throws {
        let total = 60_000
        // A hundred thousand lines have the same second.
        @Sendable func line(_ number: Int) -> String {
            let stamp = LogTimestamp(seconds: 1_795_528_200 + number / 100_000).secondText.dropLast()
            let fraction = String(1_000_000 + number % 100_000).dropFirst()
            return "\(stamp).\(fraction)Z line \(number) of a flood that is about as long as lines are in practice\n"
        }
        let text = Mutex<[UInt8]>([])
        let offsets: [Int] = text.withLock { text in
            (0...total).map { number in
                defer { if number < total { text += line(number).utf8 } }
                return text.count
            }
        }
        let bytes = text.withLock { $0 }
        let opened = Mutex(0)
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                let request = head.split(separator: "\r\n")[0]
                guard request.contains("/log?") else {
                    connection.answer(
                        200,
                        #"{"status":{"containerStatuses":[{"name":"main","containerID":"a","state":{"running":{}}}]}}"#)
                    continue
                }
                // The log from the second that is asked for, as the kubelet has it.
                var start = 0
                if let range = request.firstRange(of: "sinceTime="),
                    let since = LogTimestamp(request[range.upperBound...].prefix(24).replacing("%3A", with: ":"))
                {
                    start = max(0, since.seconds - 1_795_528_200) * 100_000
                }
                let number = opened.withLock { opened in
                    defer { opened += 1 }
                    return opened
                }
                connection.write("HTTP/1.1 200 OK\r\n\r\n")
                // The first four streams break in the middle of a line at a place that is in the second of all lines.
                let end = number < 4 ? offsets[40_000 + number * 1_000] + 40 : bytes.count
                var position = offsets[start]
                while position < end {
                    let next = min(position + (64 << 10), end)
                    guard connection.write(Array(bytes[position..<next])) else { return }
                    position = next
                }
                if number < 4 { return connection.reset() }
                connection.waitForEnd()
            }
        }
        defer { server.stop() }
        let client = try KubeFaultTests.client(server)
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for pod in 0..<4 {
                group.addTask {
                    var next = 0
                    for await event in client.followLogs(namespace: "shop", pod: "web-\(pod)", container: "main") {
                        guard case .line(let line) = event else { continue }
                        let want = "line \(next) of"
                        guard line.text.starts(with: want.utf8) else {
                            Issue.record("'\(want)' and not '\(String(decoding: line.text, as: UTF8.self))'")
                            return
                        }
                        next += 1
                        if next == total { break }
                    }
                    #expect(next == total)
                }
            }
            try await group.waitForAll()
        }
        let rate = Double(4 * total) / ((ContinuousClock.now - begin) / .seconds(1))
        print("a flood of log lines: \(Int(rate)) lines/s")
    }
}

/// What a server's script noted.
final class SharedList: Sendable {
    private let list = Mutex<[String]>([])
    var values: [String] { list.withLock { $0 } }
    func add(_ text: String) { list.withLock { $0.append(text) } }
}
