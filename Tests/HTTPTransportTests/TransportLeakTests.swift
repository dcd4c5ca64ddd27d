// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Glibc
import HTTPTransport
import Synchronization
import Testing

/// Opens and closes a thousand times: memory and descriptors stay where they were.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct TransportLeakTests {
    @Test func connectionsLeaveNothing() async throws {
        let server = try FaultServer { connection in
            while let bytes = connection.read() { guard connection.write(bytes) else { return } }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        try await staysFlat(cycles: 1_000) {
            let connection = try await client.connect(server.url())
            try await connection.send([1, 2, 3])
            _ = try await connection.receive()
            await connection.close()
        }
    }

    @Test func webSocketsLeaveNothing() async throws {
        let server = try FaultServer { connection in
            guard WebSocketTests.accept(connection) != nil else { return }
            connection.write([0x82, 0x01, 1])
            connection.waitForEnd()
        }
        defer { server.stop() }
        let client = try HTTPClient()
        try await staysFlat(cycles: 1_000) {
            let socket = try await WebSocket.connect(client, url: server.url())
            _ = try await socket.receive()
            await socket.close()
        }
    }

    @Test func requestsAndDroppedStreamsLeaveNothing() async throws {
        let server = try FaultServer { connection in
            while connection.readRequest() != nil {
                connection.answer(200, String(repeating: "x", count: 10_000))
            }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        try await staysFlat(cycles: 1_000) {
            _ = try await client.send(HTTPRequest(server.url()))
            let (_, body) = try await client.stream(HTTPRequest(server.url()))
            _ = try await body.next()
        }
    }

    /// Ten thousand streams that are opened, read a little and dropped, and as many connections: what they take is flat.
    @Test func tenThousandCyclesAreFlat() async throws {
        let server = try FaultServer { connection in
            while connection.readRequest() != nil {
                connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n")
                if connection.number % 2 == 0 { connection.waitForEnd() } else { connection.write("0\r\n\r\n") }
            }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let descriptors = Mutex<(least: Int, most: Int)>((.max, 0))
        let start = ContinuousClock.now
        var cycles = 0
        func cycle() async throws {
            let (_, body) = try await client.stream(HTTPRequest(server.url()))
            #expect(try await body.next() == Array("event".utf8))
            cycles += 1
            guard cycles % 500 == 0 else { return }
            let now = ProcessFacts.descriptors()
            descriptors.withLock { $0 = (min($0.least, now), max($0.most, now)) }
        }
        for _ in 0..<2_000 { try await cycle() }
        // Other suites use memory for a while: a leak is what shows in every round.
        var growths: [Int] = []
        for _ in 0..<4 {
            let before = ProcessFacts.residentBytes()
            for _ in 0..<2_000 { try await cycle() }
            growths.append(ProcessFacts.residentBytes() - before)
        }
        let (least, most) = descriptors.withLock { $0 }
        print(
            "ten thousand streams in \(ContinuousClock.now - start): growth \(growths), descriptors \(least) to \(most)"
        )
        // One leaked handle of libcurl has more than 5 KB: two thousand would be 10 MB.
        #expect((growths.min() ?? 0) < 2 << 20, "grew by \(growths) bytes in rounds of 2,000")
        #expect(await eventually { ProcessFacts.descriptors() < 200 })
    }

    @Test func clientsLeaveNoThreads() async throws {
        let server = try FaultServer { connection in
            while connection.readRequest() != nil { connection.answer(200, "x") }
        }
        defer { server.stop() }
        try await staysFlat(cycles: 300) {
            _ = try await HTTPClient().send(HTTPRequest(server.url()))
        }
        #expect(await eventually { ProcessFacts.threads() < 30 })
    }

    /// Runs the body some times to fill caches, then measures around the rest. Other suites run in the same process at
    /// the same time: what they use for a while must not count, so a leak is what shows in each of three rounds.
    private func staysFlat(cycles: Int, _ body: () async throws -> Void) async throws {
        for _ in 0..<(cycles / 3) { try await body() }
        var growths: [Int] = []
        repeat {
            let before = ProcessFacts.residentBytes()
            for _ in 0..<cycles { try await body() }
            growths.append(ProcessFacts.residentBytes() - before)
        } while growths.last ?? 0 >= 2 << 20 && growths.count < 3
        // One leaked handle of libcurl has more than 5 KB: a thousand would be 5 MB.
        #expect((growths.last ?? 0) < 2 << 20, "grew by \(growths) bytes in rounds of \(cycles) cycles")
        #expect(await eventually { ProcessFacts.descriptors() < 200 })
    }

    private func eventually(_ condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while !condition(), ContinuousClock.now < deadline { await Task.yield() }
        return condition()
    }
}

/// What the system says about this process.
enum ProcessFacts {
    static func residentBytes() -> Int {
        let fields = text("/proc/self/statm").split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
    }

    static func descriptors() -> Int { entries("/proc/self/fd") }
    static func threads() -> Int { entries("/proc/self/task") }

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = fread(&buffer, 1, buffer.count - 1, file)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func entries(_ path: String) -> Int { TestFiles.names(path).count }
}
