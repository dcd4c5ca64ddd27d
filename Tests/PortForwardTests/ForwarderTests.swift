// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import PortForward
import Synchronization
import Testing

/// A forwarder before a listener of our own stands in for a Pod; a client connects through it.
@Suite(.timeLimit(.minutes(1))) struct ForwarderTests {
    /// An echo server on loopback; answers each piece until the client ends.
    private func echo() throws -> (LocalListener, Task<Void, Never>) {
        let listener = try LocalListener(host: "localhost", port: 0)
        let task = Task {
            while let client = await listener.accept() {
                Task {
                    while let bytes = try? await client.receive() {
                        guard (try? await client.send(bytes)) != nil else { return }
                    }
                    await client.close()
                }
            }
        }
        return (listener, task)
    }

    private func forwarder(
        _ patience: ForwardPatience = ForwardPatience(), _ dial: @escaping Forwarder.Dial
    ) throws -> Forwarder {
        Forwarder(listener: try LocalListener(host: "localhost", port: 0), patience: patience, dial: dial)
    }

    @Test func carriesBytesBothWays() async throws {
        let (server, task) = try echo()
        let forwarder = try forwarder { try await LocalConnection.open(port: server.port) }
        let client = try await LocalConnection.open(port: forwarder.port)
        let sent = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        async let writing: Void = client.send(sent)
        var got: [UInt8] = []
        while got.count < sent.count, let bytes = try await client.receive() { got += bytes }
        try await writing
        #expect(got == sent)
        await client.close()
        await forwarder.close()
        server.close()
        await task.value
    }

    @Test func refusesABusyPort() throws {
        let first = try LocalListener(host: "localhost", port: 0)
        #expect(throws: DevloopError.self) { try LocalListener(host: "localhost", port: first.port) }
    }

    /// `localhost` is two addresses where there is IPv6: a port that another program has on one of them is taken.
    @Test func localhostIsBothAddresses() throws {
        let both = try LocalListener.all(host: "localhost", port: 0)
        #expect(Set(both.map(\.port)).count == 1)
        for listener in both { listener.close() }
        guard let six = try? LocalListener(host: "::1", port: 0) else {
            #expect(both.count == 1)
            return
        }
        #expect(both.count == 2)
        let error = #expect(throws: DevloopError.self) { try LocalListener.all(host: "localhost", port: six.port) }
        #expect(error?.code == .portInUse)
    }

    @Test(arguments: ["nowhere", "256.1.1.1", ""]) func refusesWhatIsNoAddress(_ host: String) {
        #expect(throws: DevloopError.self) { try LocalListener(host: host, port: 0) }
        #expect(throws: DevloopError.self) { try LocalListener(host: "localhost", port: 70_000) }
    }

    @Test func closesTheClientWhenNobodyAnswers() async throws {
        let dials = Mutex(0)
        let forwarder = try forwarder(ForwardPatience(dial: .seconds(1), pause: .milliseconds(20))) {
            dials.withLock { $0 += 1 }
            throw DevloopError(.unhealthy, "no Pod")
        }
        let client = try await LocalConnection.open(port: forwarder.port)
        #expect(try await client.receive() == nil)
        #expect((1...51).contains(dials.withLock { $0 }))
        await forwarder.close()
    }

    /// A Pod that is being replaced: the connection waits until there is one.
    @Test func waitsForAPod() async throws {
        let (server, task) = try echo()
        let dials = Mutex(0)
        let forwarder = try forwarder(ForwardPatience(dial: .seconds(30), pause: .milliseconds(10))) {
            let number = dials.withLock { dials in
                dials += 1
                return dials
            }
            guard number > 5 else { throw DevloopError(.unhealthy, "no Pod") }
            return try await LocalConnection.open(port: server.port)
        }
        let client = try await LocalConnection.open(port: forwarder.port)
        try await client.send([1, 2, 3])
        #expect(try await client.receive() == [1, 2, 3])
        #expect(dials.withLock { $0 } == 6)
        await client.close()
        await forwarder.close()
        server.close()
        await task.value
    }

    /// A dial that never comes back is left at its deadline.
    @Test func aHangingDialEnds() async throws {
        let forwarder = try forwarder(ForwardPatience(dial: .milliseconds(200))) {
            try await Task.sleep(for: .seconds(3_600))
            throw CancellationError()
        }
        let client = try await LocalConnection.open(port: forwarder.port)
        #expect(try await client.receive() == nil)
        await forwarder.close()
    }

    /// The process in the Pod restarts: nobody listens for a moment. What the client has sent already is sent again.
    @Test func aRefusedConnectionIsTriedAgain() async throws {
        let (server, task) = try echo()
        let dials = Mutex(0)
        let forwarder = try forwarder(ForwardPatience(dial: .seconds(30), pause: .milliseconds(10))) {
            let number = dials.withLock { dials in
                dials += 1
                return dials
            }
            guard number > 3 else {
                return FakeChannel(
                    failure: DevloopError(.unhealthy, "connection refused"), afterSending: min(number - 1, 1))
            }
            return try await LocalConnection.open(port: server.port)
        }
        let client = try await LocalConnection.open(port: forwarder.port)
        try await client.send(Array("hello".utf8))
        #expect(try await client.receive() == Array("hello".utf8))
        #expect(dials.withLock { $0 } == 4)
        await client.close()
        await forwarder.close()
        server.close()
        await task.value
    }

    /// A connection that breaks may have done its work: nothing is sent twice.
    @Test func aBrokenConnectionIsNotTriedAgain() async throws {
        let dials = Mutex(0)
        let forwarder = try forwarder(ForwardPatience(dial: .seconds(30), pause: .milliseconds(10))) {
            dials.withLock { $0 += 1 }
            return FakeChannel(failure: DevloopError(.clusterUnreachable, "broken"), afterSending: 1)
        }
        let client = try await LocalConnection.open(port: forwarder.port)
        try await client.send(Array("hello".utf8))
        #expect(try await client.receive() == nil)
        #expect(dials.withLock { $0 } == 1)
        await forwarder.close()
    }

    /// The client has ended its side, the answer takes its time and comes in pieces: all of it arrives.
    @Test func aSlowAnswerAfterTheClientsEndIsWhole() async throws {
        let server = try FaultServer { connection in
            guard connection.read(exactly: 1) != nil else { return }
            let pause = Pause()
            for number in 0..<5 {
                pause.wait(milliseconds: 100)
                connection.write([UInt8(number)])
            }
        }
        defer { server.stop() }
        // Longer than the patience with an idle connection, shorter than that with an answer that is due.
        let forwarder = try forwarder(ForwardPatience(answer: .seconds(20), idle: .milliseconds(400))) {
            try await LocalConnection.open(port: server.port)
        }
        let client = try HalfClosingClient(port: forwarder.port)
        client.send([1])
        client.end()
        #expect(await client.readToEnd() == [0, 1, 2, 3, 4])
        await forwarder.close()
    }

    enum Stuck: CaseIterable { case neverAnswers, staysOpenAfterItsAnswer }

    /// The client is gone, the Pod's side says nothing more and does not end: the connection ends all the same.
    @Test(arguments: Stuck.allCases) func aStuckConnectionEnds(_ stuck: Stuck) async throws {
        let gone = Mutex(false)
        let server = try FaultServer { connection in
            _ = connection.read(exactly: 1)
            if stuck == .staysOpenAfterItsAnswer { connection.write([7]) }
            connection.waitForEnd()
            gone.withLock { $0 = true }
        }
        defer { server.stop() }
        let forwarder = try forwarder(ForwardPatience(answer: .milliseconds(200), idle: .milliseconds(50))) {
            try await LocalConnection.open(port: server.port)
        }
        let client = try HalfClosingClient(port: forwarder.port)
        client.send([1])
        client.end()
        #expect(await client.readToEnd() == (stuck == .neverAnswers ? [] : [7]))
        #expect(await poll { gone.withLock { $0 } })
        await forwarder.close()
    }

    /// Closing the forwarder ends what is open and what is being dialed.
    @Test func closingEndsEverything() async throws {
        let (server, task) = try echo()
        let dials = Mutex(0)
        let forwarder = try forwarder(ForwardPatience(dial: .seconds(3_600))) {
            let number = dials.withLock { dials in
                dials += 1
                return dials
            }
            if number == 1 { return try await LocalConnection.open(port: server.port) }
            throw DevloopError(.unhealthy, "no Pod")
        }
        let open = try await LocalConnection.open(port: forwarder.port)
        try await open.send([1])
        #expect(try await open.receive() == [1])
        let waiting = try await LocalConnection.open(port: forwarder.port)
        #expect(await poll { dials.withLock { $0 } > 1 })
        await forwarder.close()
        #expect(try await open.receive() == nil)
        #expect(try await waiting.receive() == nil)
        await #expect(throws: DevloopError.self) { try await LocalConnection.open(port: forwarder.port) }
        server.close()
        await task.value
    }
}

/// A channel that takes some messages and then fails its reader.
private final class FakeChannel: ByteChannel {
    private let failure: DevloopError
    private let needed: Int
    private let sent = Mutex(0)

    init(failure: DevloopError, afterSending needed: Int) {
        self.failure = failure
        self.needed = needed
    }

    func send(_ bytes: [UInt8]) async throws { sent.withLock { $0 += 1 } }

    func receive() async throws -> [UInt8]? {
        _ = await poll { sent.withLock { $0 >= needed } }
        throw failure
    }

    func close() async {}
}
