// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import NIOHTTP2

/// One call on one stream of HTTP/2: headers and a framed message come in; headers, a framed message and trailers go out.
struct GRPCExchange: Sendable {
    /// Bytes of a request's message.
    static let maximumMessage = 1 << 20
    /// A byte that tells whether the message is compressed, and four for its length.
    private static let prefix = 5

    private let methods: [String: GRPCMethod]

    init(methods: [GRPCMethod]) {
        self.methods = Dictionary(methods.map { ($0.path, $0) }) { $1 }
    }

    func serve(_ stream: GRPCServer.Stream) async throws {
        try await stream.executeThenClose { inbound, outbound in
            var headers: HPACKHeaders?
            var body: [UInt8] = []
            var isWhole = false
            reading: for try await payload in inbound {
                switch payload {
                case .headers(let part):
                    if headers == nil { headers = part.headers }
                    isWhole = part.endStream
                case .data(let part):
                    if case .byteBuffer(let bytes) = part.data { body += bytes.readableBytesView }
                    isWhole = part.endStream
                    // What is too long is answered at once; the rest of it is not read.
                    if body.count > Self.maximumMessage + Self.prefix { break reading }
                default: break
                }
                if isWhole { break }
            }
            guard let headers, isWhole || body.count > Self.maximumMessage else { return }
            guard headers.first(name: "content-type")?.hasPrefix("application/grpc") == true else {
                let refusal = HPACKHeaders([(":status", "415")])
                try await outbound.write(.headers(.init(headers: refusal, endStream: true)))
                return
            }
            do {
                let message = try await answer(headers.first(name: ":path") ?? "", body)
                let head = HPACKHeaders([(":status", "200"), ("content-type", "application/grpc")])
                var data = ByteBuffer()
                data.writeInteger(UInt8(0))
                data.writeInteger(UInt32(message.count))
                data.writeBytes(message)
                try await outbound.write(contentsOf: [
                    .headers(.init(headers: head)), .data(.init(data: .byteBuffer(data))),
                    .headers(.init(headers: HPACKHeaders([("grpc-status", "0")]), endStream: true)),
                ])
            } catch let status as GRPCStatus {
                try await outbound.write(.headers(.init(headers: trailersOnly(status), endStream: true)))
            }
        }
    }

    private func answer(_ path: String, _ body: [UInt8]) async throws -> [UInt8] {
        guard let method = methods[path] else { throw GRPCStatus(.unimplemented, "unknown method \(path)") }
        let message = try Self.message(in: body)
        do {
            return try await method.answer(message)
        } catch let status as GRPCStatus {
            throw status
        } catch {
            throw GRPCStatus(.internal, "\(error)")
        }
    }

    /// The one message of a request.
    static func message(in body: [UInt8]) throws(GRPCStatus) -> [UInt8] {
        guard body.count >= prefix else { throw GRPCStatus(.internal, "the request has no message") }
        guard body[0] == 0 else { throw GRPCStatus(.unimplemented, "compressed messages are not understood") }
        let length = body[1..<prefix].reduce(0) { $0 << 8 | Int($1) }
        guard length <= maximumMessage else { throw GRPCStatus(.resourceExhausted, "the message is too long") }
        guard body.count == prefix + length else {
            throw GRPCStatus(.internal, "the request is not one whole message")
        }
        return Array(body[prefix...])
    }

    private func trailersOnly(_ status: GRPCStatus) -> HPACKHeaders {
        // The message is percent-encoded: it may quote what a client sent.
        var message = ""
        for byte in status.message.utf8 {
            if (0x20...0x7e).contains(byte), byte != UInt8(ascii: "%") {
                message.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                message += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return HPACKHeaders([
            (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", String(status.code.rawValue)),
            ("grpc-message", message),
        ])
    }
}
