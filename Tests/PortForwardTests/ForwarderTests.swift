// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import PortForward
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

    @Test func carriesBytesBothWays() async throws {
        let (server, task) = try echo()
        let forwarder = Forwarder(listener: try LocalListener(host: "localhost", port: 0)) {
            try await LocalConnection.open(port: server.port)
        }
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

    @Test func closesTheClientWhenNobodyAnswers() async throws {
        let forwarder = Forwarder(listener: try LocalListener(host: "localhost", port: 0)) {
            throw DevloopError(.unhealthy, "no Pod")
        }
        let client = try await LocalConnection.open(port: forwarder.port)
        #expect(try await client.receive() == nil)
        await forwarder.close()
    }
}
