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
    private var subscriptions: [Subscription] = []

    private struct Subscription {
        let subject: String
        let queue: String
        let receiver: Receiver
    }

    /// Until a connection that was given up is made anew.
    private static let pause = Duration.milliseconds(500)

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
        let receiver = Receiver { message in
            if case .dropped = sink.yield(message) { report("a message was dropped: too many wait") }
        }
        let subscription = Subscription(subject: subject, queue: queue, receiver: receiver)
        try subscribe(subscription)
        subscriptions.append(subscription)
        return stream
    }

    /// What comes too late, to a connection that was given up, comes into force with the next one.
    private func subscribe(_ subscription: Subscription) throws(DomainError) {
        do throws(DomainError) {
            try connection?.subscribe(to: subscription.subject, queue: subscription.queue, subscription.receiver)
        } catch {
            guard connection?.isClosed == true else { throw error }
        }
    }

    /// With all subscriptions that there were before.
    private func connect() throws(DomainError) {
        guard connection == nil else { return }
        connection = try NatsConnection(
            url: "nats://\(address)", name: name, report: report,
            closed: { [weak self] in Task { await self?.reopen() } })
        for subscription in subscriptions { try subscribe(subscription) }
    }

    /// The client library asks forever for a server that refuses connections, but gives up when one takes the first
    /// connection and ends it before it is greeted, as a server does that is just going.
    private func reopen() async {
        report("the server hung up, trying on")
        repeat {
            // Nobody has this task, so that nobody can cancel it.
            try? await Task.sleep(for: Self.pause)
            connection = nil
            do throws(DomainError) { try connect() } catch { report("\(error)") }
        } while connection == nil
    }
}
