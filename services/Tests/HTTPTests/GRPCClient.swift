// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

/// One call on a connection of its own, with exact control over the bytes.
struct GRPCReply {
    var status = ""
    /// gRPC's, from the trailers or from the only headers.
    var grpcStatus = ""
    var grpcMessage = ""
    /// The message without its frame.
    var message: [UInt8] = []

    private typealias Stream = NIOAsyncChannel<HTTP2Frame.FramePayload, HTTP2Frame.FramePayload>

    /// - Parameter frame: what precedes the message; its true frame unless given.
    static func call(
        _ port: Int, _ path: String, _ message: [UInt8], contentType: String = "application/grpc",
        frame: [UInt8]? = nil
    ) async throws -> GRPCReply {
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: RawHTTP.host, port: port) { channel in
                channel.configureAsyncHTTP2Pipeline(mode: .client) { stream in
                    stream.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: stream) }
                }.map { (channel, $0) }
            }
        let stream = try await connection.1.openStream { stream in
            stream.eventLoop.makeCompletedFuture { try Stream(wrappingChannelSynchronously: stream) }
        }
        let reply = try await stream.executeThenClose { inbound, outbound in
            let headers = HPACKHeaders([
                (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test"),
                ("content-type", contentType), ("te", "trailers"),
            ])
            try await outbound.write(.headers(.init(headers: headers)))
            let count = message.count
            let head = frame ?? [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
            // A refusal may come before all has been sent.
            try? await outbound.write(
                .data(.init(data: .byteBuffer(ByteBuffer(bytes: head + message)), endStream: true)))
            var reply = GRPCReply()
            var body: [UInt8] = []
            do {
                for try await payload in inbound {
                    switch payload {
                    case .headers(let part):
                        reply.status = part.headers.first(name: ":status") ?? reply.status
                        reply.grpcStatus = part.headers.first(name: "grpc-status") ?? reply.grpcStatus
                        reply.grpcMessage = part.headers.first(name: "grpc-message") ?? reply.grpcMessage
                    case .data(let part):
                        if case .byteBuffer(let bytes) = part.data { body += bytes.readableBytesView }
                    default: break
                    }
                }
            } catch  where !reply.grpcStatus.isEmpty {
                // The server has answered, and closed a stream of which it did not want the rest.
            }
            reply.message = Array(body.dropFirst(5))
            return reply
        }
        try? await connection.0.close()
        return reply
    }
}
