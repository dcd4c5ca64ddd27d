// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RawConnectionTests {
    @Test func carriesBytesBothWaysUnderPressure() async throws {
        let server = try FaultServer { connection in
            while let bytes = connection.read() { guard connection.write(bytes) else { return } }
        }
        defer { server.stop() }
        let connection = try await HTTPClient().connect(server.url())
        let data = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        async let sending: Void = {
            var rest = data[...]
            while !rest.isEmpty {
                try await connection.send(Array(rest.prefix(123_457)))
                rest = rest.dropFirst(123_457)
            }
        }()
        var received: [UInt8] = []
        while received.count < data.count, let bytes = try await connection.receive() { received += bytes }
        try await sending
        #expect(received == data)
        await connection.close()
        await connection.close()
        #expect(try await connection.receive() == nil)
        await #expect(throws: DevloopError.self) { try await connection.send([1]) }
    }

    @Test func senderWaitsForASlowPeer() async throws {
        let gate = try Gate()
        let total = Mutex(0)
        let server = try FaultServer { connection in
            gate.wait()
            while let bytes = connection.read() { total.withLock { $0 += bytes.count } }
        }
        defer { server.stop() }
        let connection = try await HTTPClient().connect(server.url())
        let sent = Mutex(0)
        let task = Task {
            for _ in 0..<64 {
                try await connection.send([UInt8](repeating: 1, count: 1 << 20))
                sent.withLock { $0 += 1 << 20 }
            }
        }
        var last = -1
        let stands = await poll(every: .milliseconds(100)) {
            let now = sent.withLock { $0 }
            defer { last = now }
            return now == last
        }
        #expect(stands)
        #expect(sent.withLock { $0 } < 32 << 20)
        gate.open()
        try await task.value
        #expect(await poll { total.withLock { $0 } == 64 << 20 })
        await connection.close()
    }

    @Test func cancelledReceiveLeavesTheConnectionUsable() async throws {
        let server = try FaultServer { connection in
            while let bytes = connection.read() { guard connection.write(bytes) else { return } }
        }
        defer { server.stop() }
        let connection = try await HTTPClient().connect(server.url())
        let reading = Task { try await connection.receive() }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        try await connection.send([1, 2])
        #expect(try await connection.receive() == [1, 2])
        await connection.close()
    }

    /// More than are told of at once.
    @Test func manyWaitAtTheSameTime() async throws {
        let gate = try Gate()
        let server = try FaultServer { connection in
            gate.wait()
            while let bytes = connection.read() { guard connection.write(bytes) else { return } }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let connections = try await withThrowingTaskGroup { group in
            for _ in 0..<100 { group.addTask { try await client.connect(server.url()) } }
            return try await group.reduce(into: [RawConnection]()) { $0.append($1) }
        }
        try await withThrowingDiscardingTaskGroup { group in
            for (number, connection) in connections.enumerated() {
                group.addTask {
                    for round in 0..<20 {
                        let bytes = [UInt8(number), UInt8(round)]
                        try await connection.send(bytes)
                        #expect(try await connection.receive() == bytes)
                    }
                }
            }
            for _ in connections { gate.open() }
        }
        // What waits when the client is shut down ends with it.
        let waiting = connections.map { connection in Task { try await connection.receive() } }
        client.shutdown()
        for task in waiting {
            let error = await #expect(throws: DevloopError.self) { try await task.value }
            #expect((error?.cause as? HTTPFailure)?.kind == .shutDown)
        }
    }

    @Test func closeEndsAWaitingReader() async throws {
        let server = try FaultServer { $0.waitForEnd() }
        defer { server.stop() }
        let connection = try await HTTPClient().connect(server.url())
        async let reading = connection.receive()
        await connection.close()
        #expect(try await reading == nil)
    }

    @Test func resetByThePeerIsAnError() async throws {
        let server = try FaultServer { connection in
            _ = connection.read()
            connection.reset()
        }
        defer { server.stop() }
        let connection = try await HTTPClient().connect(server.url())
        try await connection.send([1])
        await #expect(throws: DevloopError.self) { _ = try await connection.receive() }
        // And writing into it neither kills the process nor hangs.
        await #expect(throws: DevloopError.self) {
            for _ in 0..<100 { try await connection.send([UInt8](repeating: 0, count: 100_000)) }
        }
    }

    @Test func cancelledConnectEndsAtOnce() async throws {
        // A listening socket whose queue is full, or an address that swallows packets, is not portable: a proxy that
        // accepts and never answers is.
        let accepted = Mutex(false)
        let proxy = try FaultServer { connection in
            accepted.withLock { $0 = true }
            connection.waitForEnd()
        }
        defer { proxy.stop() }
        let client = try HTTPClient(proxy: proxy.url(""))
        let task = Task { try await client.connect("http://far.example/", timeout: .seconds(30)) }
        #expect(await poll { accepted.withLock { $0 } })
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(2))

        let slow = await #expect(throws: DevloopError.self) {
            try await client.connect("http://far.example/", timeout: .milliseconds(200))
        }
        #expect((slow?.cause as? HTTPFailure)?.kind == .timeout)
    }
}
