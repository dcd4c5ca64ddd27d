// SPDX-License-Identifier: Apache-2.0

import Bus
import Dispatch
import Glibc
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

    /// Some of these the client library asks again by itself, after others it has given up.
    @Test func aServerThatHangsUpIsAskedAgain() async throws {
        try await RealServer.with(.nats, started: false) { server in
            let rude = try RudeServer(port: server.port)
            let bus = try bus(server.port)
            let inbox = Inbox(try await bus.messages(on: "s", queue: "q"))
            try await until { rude.callers > 2 }
            rude.stop()
            try await server.start()
            try await until {
                // While it is closed nothing can be published.
                try? await bus.publish(Array("x".utf8), on: "s")
                return !inbox.all.isEmpty
            }
            #expect(inbox.all.first == "x")
        }
    }
}

/// Takes connections and ends them at once.
private final class RudeServer: Sendable {
    private let listener: Int32
    private let count = Atomic(0)

    var callers: Int { count.load(ordering: .relaxed) }

    init(port: Int) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard RealServer.bind(listener, to: port), listen(listener, 16) == 0 else {
            throw StoreFailure(what: "port \(port): \(errno)")
        }
        DispatchQueue(label: "rude").async { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                count.add(1, ordering: .relaxed)
                close(connection)
            }
        }
    }

    /// The thread ends, and the port is free.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
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
