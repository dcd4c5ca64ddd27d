// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import ObjectModel

/// Asks another service: one request on one connection, within a deadline.
package struct HTTPCaller: Sendable {
    /// Bytes of an answer's body.
    static let maximumBody = 1 << 20

    package struct Answer: Sendable {
        package var status: Int
        package var body: [UInt8]
    }

    private let host: String
    private let port: Int
    private let timeout: TimeAmount

    /// - Parameter seconds: time for the whole call, connecting included.
    package init(host: String, port: Int, timeout seconds: Int64 = 2) {
        self.host = host
        self.port = port
        timeout = .seconds(seconds)
    }

    /// GET. `path` is escaped already. Throws `DomainError` that names the address.
    package func get(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
        try await call("GET", path, headers: headers)
    }

    /// A request of any method. `path` is escaped already and may have a query; a body goes with its length. Throws
    /// `DomainError` that names the address.
    package func call(
        _ method: String, _ path: String, headers fields: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> Answer {
        do {
            let channel = try await connect()
            // Whatever the other side does, the connection ends at the deadline, and with it the wait below.
            let deadline = channel.channel.eventLoop.scheduleTask(in: timeout) { channel.channel.close(promise: nil) }
            defer { deadline.cancel() }
            return try await channel.executeThenClose { inbound, outbound in
                var headers = HTTPHeaders(fields)
                headers.add(name: "Host", value: "\(host):\(port)")
                headers.add(name: "Connection", value: "close")
                if !body.isEmpty || (method != "GET" && method != "HEAD") {
                    headers.add(name: "Content-Length", value: String(body.count))
                }
                let head = HTTPRequestHead(
                    version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
                try await outbound.write(.head(head))
                if !body.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
                try await outbound.write(.end(nil))
                return try await Self.answer(inbound)
            }
        } catch let error as DomainError {
            throw DomainError("\(host):\(port): \(error.text)")
        } catch {
            throw DomainError("\(host):\(port): \(error)")
        }
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private func connect() async throws -> Connection {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(timeout)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }

    private static func answer(
        _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>
    ) async throws -> Answer {
        var status: Int?
        var body: [UInt8] = []
        for try await part in inbound {
            switch part {
            case .head(let head): status = Int(head.status.code)
            case .body(let bytes):
                body += bytes.readableBytesView
                guard body.count <= maximumBody else { throw DomainError("the answer is too long") }
            case .end:
                guard let status else { throw DomainError("the answer has no head") }
                return Answer(status: status, body: body)
            }
        }
        throw DomainError("no whole answer in time")
    }
}
