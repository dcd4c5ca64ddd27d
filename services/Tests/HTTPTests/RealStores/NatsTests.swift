// SPDX-License-Identifier: Apache-2.0

import Bus
import ServiceKit
import Synchronization
import Testing

/// The bus on a real NATS server.
@Suite(.timeLimit(.minutes(1))) struct NatsTests {
    private func bus(_ port: Int, host: String = "127.0.0.1", log: LogLines = LogLines()) throws -> any MessageBus {
        let settings = ["NATS_CLUSTER_SERVICE_HOST": host, "NATS_CLUSTER_SERVICE_PORT": "\(port)"]
        let log = ServiceLog(name: "test", style: .plain, write: log.write)
        return try #require(try Settings(settings).bus(nil, name: "test", log: log))
    }

    @Test func noHostIsNoBus() throws {
        let none = try Settings([:]).bus(nil, name: "test", log: GatewayTests.quiet)
        #expect(none == nil)
    }

    @Test func eachMessageGoesToOneMemberOfTheQueue() async throws {
        try await RealServer.with(.nats) { server in
            let (first, second) = (try bus(server.port), try bus(server.port, host: "nats://127.0.0.1"))
            let inboxes = [
                Inbox(try await first.messages(on: "s", queue: "q")),
                Inbox(try await second.messages(on: "s", queue: "q")),
            ]
            let sender = try bus(server.port)
            // A subscription takes a moment to reach the server; both have when both have had a message.
            try await until {
                try await sender.publish(Array("probe".utf8), on: "s")
                return inboxes.allSatisfy { !$0.all.isEmpty }
            }
            let numbers = (0..<100).map(String.init)
            for number in numbers { try await sender.publish(Array(number.utf8), on: "s") }
            var seen: [String] = []
            try await until {
                seen = inboxes.flatMap(\.all).filter { $0 != "probe" }
                return seen.count >= numbers.count
            }
            #expect(seen.sorted() == numbers.sorted())
        }
    }

    @Test func aServerThatIsLateOrGoesIsWaitedFor() async throws {
        let log = LogLines()
        try await RealServer.with(.nats, started: false) { server in
            let bus = try bus(server.port, log: log)
            let inbox = Inbox(try await bus.messages(on: "s", queue: "q"))
            try await bus.publish(Array("early".utf8), on: "s")
            #expect(log.all.contains { $0.contains("no server yet, trying on") })
            for _ in 0..<2 {
                try await server.start()
                let before = inbox.all.count
                try await until {
                    try await bus.publish(Array("x".utf8), on: "s")
                    return inbox.all.count > before
                }
                try await server.stop()
            }
            #expect(log.all.contains { $0.contains("connection lost") })
        }
    }
}

/// Takes everything out of a subscription.
private final class Inbox: Sendable {
    private let texts = Mutex<[String]>([])
    private let pump: Mutex<Task<Void, Never>?> = Mutex(nil)

    init(_ messages: AsyncStream<[UInt8]>) {
        let task = Task { [weak self] in
            for await message in messages {
                self?.texts.withLock { $0.append(String(decoding: message, as: UTF8.self)) }
            }
        }
        pump.withLock { $0 = task }
    }

    deinit { pump.withLock { $0?.cancel() } }

    var all: [String] { texts.withLock { $0 } }
}
