// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Synchronization

/// A WebSocket as its client. Messages are pulled: while nobody receives, nothing is read and the server must wait.
///
/// Pings are answered, and fragments joined, while somebody receives. - Important: one receiver.
package final class WebSocket: Sendable {
    /// The subprotocol that the server chose; empty when it chose none.
    package let subprotocol: String
    private let connection: RawConnection
    private let decoder: Mutex<WebSocketDecoder>
    private let isClosing = Mutex(false)
    private let silence = Mutex(Silence())

    /// Whether the peer answers.
    private struct Silence {
        /// Somebody waits for bytes; else answers are not seen.
        var isListening = false
        /// Pings since the last byte.
        var unanswered = 0
    }

    private init(_ connection: RawConnection, subprotocol: String, decoder: consuming sending WebSocketDecoder) {
        self.connection = connection
        self.subprotocol = subprotocol
        self.decoder = Mutex(decoder)
    }

    deinit { connection.closeNow() }

    /// Scheme, host and port, for messages.
    package var address: String { connection.address }

    /// Connects and shakes hands.
    /// - Parameters:
    ///   - url: `http` or `https` address with path and query.
    ///   - subprotocols: Offered in this order.
    ///   - timeout: Limit for connecting and for the handshake together.
    /// - Throws: ``WebSocketRefusal`` when the server answers with another status, `DevloopError` otherwise.
    package static func connect(
        _ client: HTTPClient,
        url: String,
        headers: HTTPHeaders = [:],
        subprotocols: [String] = [],
        maximumMessage: Int = 32 << 20,
        timeout: Duration = .seconds(10)
    ) async throws -> WebSocket {
        guard headers.isWellFormed, !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw DevloopError(.usage, "address or headers of a websocket contain control characters or spaces")
        }
        let start = ContinuousClock.now
        let connection = try await client.connect(url, timeout: timeout)
        do {
            let rest = max(timeout - (ContinuousClock.now - start), .milliseconds(1))
            return try await withDeadline(rest, address: connection.address) {
                try await shakeHands(
                    connection, url: url, headers: headers, subprotocols: subprotocols, maximumMessage: maximumMessage)
            }
        } catch {
            connection.closeNow()
            throw error
        }
    }

    private static func shakeHands(
        _ connection: RawConnection, url: String, headers: HTTPHeaders, subprotocols: [String], maximumMessage: Int
    ) async throws -> WebSocket {
        var random = SystemRandomNumberGenerator()
        let key = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let handshake = WebSocketHandshake(url: url, headers: headers, subprotocols: subprotocols, key: key)
        try await connection.send(handshake.request)
        var reader = HTTP1ResponseReader()
        let head = try await reader.readHead(from: connection)
        guard head.status == 101 else {
            let body = try await reader.readBody(from: connection)
            throw WebSocketRefusal(response: HTTPResponse(head: head, body: body))
        }
        let (chosen, fault) = handshake.check(head)
        guard let chosen else {
            throw DevloopError(.protocolViolation, "websocket handshake with \(connection.address) failed: \(fault)")
        }
        var decoder = WebSocketDecoder(maximumMessage: maximumMessage)
        decoder.append(reader.rest)
        return WebSocket(connection, subprotocol: chosen, decoder: decoder)
    }

    /// Sends one binary message made of several parts; suspends while the server does not take it.
    package func send(_ parts: ArraySlice<UInt8>...) async throws {
        try await connection.send(
            WebSocketFrame.encode(.binary, parts, mask: UInt32.random(in: .min ... .max)))
    }

    /// Sends bytes as binary messages of at most `size` bytes, each with `head` before it. All go into the connection's
    /// queue at once: what another task sends meanwhile comes before or after them, never between.
    package func send(_ bytes: [UInt8], head: [UInt8], size: Int) async throws {
        var frames: [UInt8] = []
        frames.reserveCapacity(bytes.count + (bytes.count / size + 1) * (head.count + 14))
        for start in stride(from: 0, to: bytes.count, by: size) {
            frames += WebSocketFrame.encode(
                .binary, [head[...], bytes[start..<min(start + size, bytes.count)]],
                mask: UInt32.random(in: .min ... .max))
        }
        try await connection.send(frames)
    }

    /// Sends a ping without waiting.
    /// - Parameter patience: When so many pings in a row, while somebody received, were followed by no byte at all, the
    ///   connection fails in place of another ping; nil never gives up.
    package func ping(patience: Int? = nil) {
        let isGivenUp = silence.withLock { silence in
            guard silence.isListening else { return false }
            if let patience, silence.unanswered >= patience { return true }
            silence.unanswered += 1
            return false
        }
        guard isGivenUp else { return connection.post(frame(.ping, [])) }
        connection.fail(
            DevloopError(
                .clusterUnreachable, "\(address) has stopped to answer",
                hint: "check whether the server hangs or the network is down", cause: HTTPFailure(kind: .timeout)))
    }

    /// The next message; nil when the server closed in order.
    /// - Throws: `DevloopError` when the connection breaks, ends without a close frame, or the protocol is broken.
    package func receive() async throws -> [UInt8]? {
        while true {
            let event: WebSocketDecoder.Event?
            do {
                event = try decoder.withLock { decoder throws(WebSocketFault) in try decoder.next() }
            } catch {
                connection.post(frame(.close, [0x03, 0xEA]))
                connection.closeNow()
                throw DevloopError(.protocolViolation, "websocket of \(address): \(error.text)")
            }
            switch event {
            case .message(let bytes, _): return bytes
            case .ping(let payload): connection.post(frame(.pong, payload))
            case .pong: continue
            case .close(let code, let reason):
                await close()
                guard code == 1000 || code == 1001 || code == 1005 else {
                    throw DevloopError(
                        .protocolViolation, "\(address) closed the websocket: code \(code) \(reason)")
                }
                return nil
            case nil:
                silence.withLock { $0.isListening = true }
                defer { silence.withLock { $0 = Silence() } }
                guard let bytes = try await connection.receive() else {
                    if isClosing.withLock({ $0 }) { return nil }
                    throw DevloopError(
                        .clusterUnreachable, "connection to \(address) ended without a close frame",
                        cause: HTTPFailure(kind: .interrupted))
                }
                decoder.withLock { $0.append(bytes) }
            }
        }
    }

    /// Says goodbye and closes; safe to call twice.
    package func close() async {
        let first = isClosing.withLock { isClosing in
            defer { isClosing = true }
            return !isClosing
        }
        if first { connection.post(frame(.close, [0x03, 0xE8])) }
        connection.closeNow()
    }

    private func frame(_ opcode: WebSocketFrame.Opcode, _ payload: [UInt8]) -> [UInt8] {
        WebSocketFrame(opcode, payload).encoded(mask: UInt32.random(in: .min ... .max))
    }
}
