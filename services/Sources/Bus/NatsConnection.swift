// SPDX-License-Identifier: Apache-2.0

internal import CNats
import ObjectModel

/// The owner of one connection of the client library and of its subscriptions.
struct NatsConnection: ~Copyable {
    private let handle: OpaquePointer
    private var subscriptions: [OpaquePointer] = []

    /// Tries to connect once and goes on behind the scenes.
    /// - Parameters:
    ///   - report: hears in a word or two what becomes of the connection.
    ///   - closed: called once, when the library has given the connection up or its owner is gone.
    init(
        url: String, name: String, report: @escaping @Sendable (String) -> Void, closed: @escaping @Sendable () -> Void
    ) throws(DomainError) {
        var options: OpaquePointer?
        try check(natsOptions_Create(&options))
        defer { natsOptions_Destroy(options) }
        try check(natsOptions_SetURL(options, url))
        try check(natsOptions_SetName(options, name))
        try check(natsOptions_SetTimeout(options, 2_000))
        try check(natsOptions_SetMaxReconnect(options, -1))
        try check(natsOptions_SetReconnectWait(options, 500))
        // Each callback gets the reporter; the last of them, at the end of the connection, gives it back.
        let reporter = Unmanaged.passRetained(Reporter(report: report, closed: closed)).toOpaque()
        var isTaken = false
        defer { if !isTaken { Unmanaged<Reporter>.fromOpaque(reporter).release() } }
        try check(natsOptions_SetRetryOnFailedConnect(options, true, { Reporter.tell($1, "connected") }, reporter))
        try check(natsOptions_SetDisconnectedCB(options, { Reporter.tell($1, "connection lost") }, reporter))
        try check(natsOptions_SetReconnectedCB(options, { Reporter.tell($1, "connected again") }, reporter))
        try check(
            natsOptions_SetClosedCB(
                options,
                { _, closure in
                    guard let closure else { return }
                    Unmanaged<Reporter>.fromOpaque(closure).takeRetainedValue().closed()
                }, reporter))
        var connection: OpaquePointer?
        let status = natsConnection_Connect(&connection, options)
        guard let connection, status == NATS_OK || status == NATS_NOT_YET_CONNECTED else {
            throw DomainError("\(url): \(String(cString: natsStatus_GetText(status)))")
        }
        isTaken = true
        handle = connection
        report(status == NATS_OK ? "connected" : "no server yet, trying on")
    }

    deinit {
        for subscription in subscriptions { natsSubscription_Destroy(subscription) }
        natsConnection_Destroy(handle)
    }

    /// Whether the library has given it up.
    var isClosed: Bool { natsConnection_IsClosed(handle) }

    borrowing func publish(_ message: [UInt8], on subject: String) throws(DomainError) {
        try check(natsConnection_Publish(handle, subject, message, Int32(message.count)))
    }

    /// Messages come on a thread of the library's until the connection ends.
    mutating func subscribe(to subject: String, queue: String, _ receiver: Receiver) throws(DomainError) {
        var subscription: OpaquePointer?
        let context = Unmanaged.passRetained(receiver).toOpaque()
        let status = natsConnection_QueueSubscribe(
            &subscription, handle, subject, queue,
            { _, _, message, closure in
                defer { natsMsg_Destroy(message) }
                guard let closure, let data = natsMsg_GetData(message) else { return }
                let bytes = UnsafeRawBufferPointer(start: data, count: Int(natsMsg_GetDataLength(message)))
                Unmanaged<Receiver>.fromOpaque(closure).takeUnretainedValue().take(Array(bytes))
            }, context)
        guard status == NATS_OK, let subscription else {
            Unmanaged<Receiver>.fromOpaque(context).release()
            throw DomainError("\(subject): \(String(cString: natsStatus_GetText(status)))")
        }
        subscriptions.append(subscription)
        // The receiver is given back once no message can come any more.
        let isRegistered = natsSubscription_SetOnCompleteCB(
            subscription,
            { closure in
                if let closure { Unmanaged<Receiver>.fromOpaque(closure).release() }
            }, context)
        try check(isRegistered)
    }
}

/// What messages of a subscription are handed to.
final class Receiver: Sendable {
    let take: @Sendable ([UInt8]) -> Void

    init(take: @escaping @Sendable ([UInt8]) -> Void) {
        self.take = take
    }
}

/// What hears of a connection's life.
private final class Reporter: Sendable {
    private let report: @Sendable (String) -> Void
    let closed: @Sendable () -> Void

    init(report: @escaping @Sendable (String) -> Void, closed: @escaping @Sendable () -> Void) {
        (self.report, self.closed) = (report, closed)
    }

    static func tell(_ closure: UnsafeMutableRawPointer?, _ event: String) {
        guard let closure else { return }
        Unmanaged<Reporter>.fromOpaque(closure).takeUnretainedValue().report(event)
    }
}

private func check(_ status: natsStatus) throws(DomainError) {
    guard status == NATS_OK else { throw DomainError("NATS: \(String(cString: natsStatus_GetText(status)))") }
}
