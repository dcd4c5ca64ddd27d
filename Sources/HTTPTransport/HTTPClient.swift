// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Synchronization

/// A client for one server or several that share TLS settings; connections are kept and shared between requests.
///
/// Its thread sleeps while nothing happens and ends with the last of client, bodies and connections. A second one joins
/// with the first stream: libcurl 7.88 sends requests into a busy HTTP/1.1 connection when it also has an HTTP/2
/// connection to the same host, so streams (HTTP/1.1) and requests (HTTP/2) must not share a multi handle.
package final class HTTPClient: Sendable {
    /// Body bytes held for a slow reader of a stream.
    private static let streamHighWater = 256 << 10

    private struct Streams {
        var owner: LoopOwner?
        var isShutDown = false
    }

    private let owner: LoopOwner
    private let streams = Mutex(Streams())

    /// - Parameter proxy: Address of an `http`, `https` or `socks5` proxy; the environment is not looked at.
    /// - Throws: `DevloopError` (`process`) when the thread cannot be started.
    package init(tls: TLSSettings = TLSSettings(), proxy: String? = nil, userAgent: String = "devloop") throws {
        owner = LoopOwner(
            try EventLoop.start(ConnectionSettings(tls: tls, proxy: proxy, userAgent: userAgent)))
    }

    /// Sends a request and collects the whole answer, whatever its status.
    /// - Throws: `DevloopError` with an ``HTTPFailure`` as cause; `CancellationError`.
    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        // What is streamed out goes over HTTP/1.1, see above.
        let owner = request.upload == nil ? owner : try streamOwner(request.address)
        let transfer = try start(request, highWater: nil, owner: owner)
        let head = try await transfer.waitForHead()
        var body: [UInt8] = []
        while let chunk = try await transfer.nextChunk() {
            guard body.count + chunk.count <= request.maximumBodyBytes else {
                transfer.cancel()
                throw DevloopError(
                    .protocolViolation,
                    "the answer of \(request.address) is larger than \(request.maximumBodyBytes >> 20) MiB",
                    cause: HTTPFailure(kind: .malformed))
            }
            body += chunk
        }
        return HTTPResponse(head: head, body: body)
    }

    /// Sends a request and returns as soon as the header fields are here.
    /// - Throws: `DevloopError` with an ``HTTPFailure`` as cause; `CancellationError`.
    package func stream(_ request: HTTPRequest) async throws -> (head: HTTPResponseHead, body: HTTPBody) {
        let owner = try streamOwner(request.address)
        let transfer = try start(request, highWater: Self.streamHighWater, owner: owner)
        // Made first, so that a failure or cancellation below ends the transfer.
        let body = HTTPBody(transfer, owner: owner)
        return (try await transfer.waitForHead(), body)
    }

    /// Connects, with TLS for `https`, and hands the connection over as bytes.
    /// - Parameters:
    ///   - url: Address whose host and port are used.
    ///   - timeout: Limit for name, TCP and TLS together.
    package func connect(_ url: String, timeout: Duration = .seconds(10)) async throws -> RawConnection {
        try await ConnectAttempt.run(url: url, timeout: timeout, owner: owner)
    }

    /// Ends all transfers and connections with an error; later ones fail at once.
    package func shutdown() {
        owner.loop.post(.stop)
        let streamOwner = streams.withLock { streams in
            streams.isShutDown = true
            return streams.owner
        }
        streamOwner?.loop.post(.stop)
    }

    /// The loop of streams, started with the first.
    private func streamOwner(_ address: String) throws -> LoopOwner {
        try streams.withLock { streams in
            guard !streams.isShutDown else { throw HTTPFailure.shutDown(address) }
            if let owner = streams.owner { return owner }
            let started = LoopOwner(try EventLoop.start(owner.loop.settings))
            streams.owner = started
            return started
        }
    }

    private func start(_ request: HTTPRequest, highWater: Int?, owner: LoopOwner) throws -> Transfer {
        guard request.headers.isWellFormed, !request.method.isEmpty,
            !(request.url + request.method).utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F })
        else {
            throw DevloopError(
                .usage, "request to \(request.address) has a control character or a space in its address or headers",
                cause: HTTPFailure(kind: .invalid))
        }
        let transfer = Transfer(request, highWater: highWater, loop: owner.loop)
        owner.loop.post(.add(transfer))
        transfer.startUpload()
        return transfer
    }
}

/// Ends the loop's thread when the last user of the loop is gone.
final class LoopOwner: Sendable {
    let loop: EventLoop
    init(_ loop: EventLoop) { self.loop = loop }
    deinit { loop.post(.stop) }
}
