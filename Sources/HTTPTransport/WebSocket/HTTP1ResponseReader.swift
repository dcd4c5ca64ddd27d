// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Reads one HTTP/1.1 answer from a raw connection: that to a handshake, which libcurl does not read for us.
struct HTTP1ResponseReader {
    private static let maximumHead = 64 << 10
    private static let maximumBody = 256 << 10

    /// Bytes received after the head.
    private(set) var rest: [UInt8] = []
    private var head = HTTPResponseHead(status: 0, headers: [:])

    mutating func readHead(from connection: some ByteChannel) async throws -> HTTPResponseHead {
        var reader = HTTPHeadReader()
        while true {
            while let end = rest.firstIndex(of: 0x0A) {
                let isEnd = reader.take(rest[...end])
                rest.removeFirst(end + 1)
                if isEnd, reader.head.status != 0 {
                    head = reader.head
                    return head
                }
            }
            guard rest.count <= Self.maximumHead, let bytes = try await connection.receive() else {
                throw DevloopError(
                    .protocolViolation, "no HTTP answer to the websocket handshake",
                    cause: HTTPFailure(kind: .malformed))
            }
            rest += bytes
        }
    }

    /// The body, for an error's text: at most 256 KiB of it, and what there is if the connection ends early.
    mutating func readBody(from connection: some ByteChannel) async throws -> [UInt8] {
        let isChunked = head.headers["Transfer-Encoding"]?.lowercased().contains("chunked") == true
        let length = head.headers["Content-Length"].flatMap { Int($0) }
        while rest.count < Self.maximumBody {
            if isChunked, let body = Self.dechunk(rest) { return body }
            if !isChunked, let length, rest.count >= length { return Array(rest.prefix(max(0, length))) }
            guard let bytes = try? await connection.receive() else { break }
            rest += bytes
        }
        return rest
    }

    /// The joined chunks, nil while the last has not arrived.
    static func dechunk(_ bytes: [UInt8]) -> [UInt8]? {
        var body: [UInt8] = []
        var position = 0
        while let end = bytes[position...].firstIndex(of: 0x0A) {
            let line = String(
                decoding: bytes[position..<end].prefix { $0 != 0x0D && $0 != UInt8(ascii: ";") }, as: UTF8.self)
            guard let size = Int(line, radix: 16), size >= 0, size <= maximumBody else { return body }
            if size == 0 { return body }
            let start = end + 1
            guard bytes.count >= start + size + 2 else { return nil }
            body += bytes[start..<start + size]
            position = start + size + 2
        }
        return nil
    }
}
