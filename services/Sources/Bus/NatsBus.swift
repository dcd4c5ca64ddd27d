// SPDX-License-Identifier: Apache-2.0

import Blocking
internal import CNats
import ObjectModel

/// A NATS server. A server that is not there yet, or no longer, is waited for: what is published meanwhile is kept by
/// the client library, up to 8 MiB, and subscriptions come into force when the server does.
package actor NatsBus: MessageBus {
    /// Messages that may wait for a subscriber.
    static let capacity = 4_096

    private let executor = QueueExecutor(label: "delinkcious.nats")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let address: String
    private let name: String
    private let report: @Sendable (String) -> Void
    private var connection: NatsConnection?

    /// - Parameters:
    ///   - address: host and port.
    ///   - name: this client, as the server shows it.
    ///   - report: hears in a word or two what becomes of the connection.
    package init(address: String, name: String, report: @escaping @Sendable (String) -> Void) {
        self.address = address
        self.name = name
        self.report = report
    }

    package func publish(_ message: [UInt8], on subject: String) throws {
        try connect()
        try connection?.publish(message, on: subject)
    }

    package func messages(on subject: String, queue: String) throws -> AsyncStream<[UInt8]> {
        try connect()
        let (stream, sink) = AsyncStream.makeStream(
            of: [UInt8].self, bufferingPolicy: .bufferingOldest(NatsBus.capacity))
        let report = report
        try connection?.subscribe(
            to: subject, queue: queue,
            Receiver { message in
                if case .dropped = sink.yield(message) { report("a message was dropped: too many wait") }
            })
        return stream
    }

    private func connect() throws(DomainError) {
        guard connection == nil else { return }
        connection = try NatsConnection(url: "nats://\(address)", name: name, report: report)
    }
}
