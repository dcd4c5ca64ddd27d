// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// One exchange with exact control over the bytes: no client adds a header or drops a body.
struct RawHTTP {
    /// Where the services are; this machine, unless a test is about Pods.
    @TaskLocal static var host = "127.0.0.1"

    var status = 0
    var headers: [String: String] = [:]
    var body = ""

    /// Sends `text`, which has to ask for the end of the connection, and reads until that.
    init(port: Int, sending text: String) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: Self.host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let answer = try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var bytes: [UInt8] = []
            for try await part in inbound { bytes += part.readableBytesView }
            return String(decoding: bytes, as: UTF8.self)
        }
        // A Swift Character holds CR and LF together; the lines are taken apart by bytes.
        let lines = answer.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var index = 0
        for line in lines {
            index += 1
            let text = String(Substring(line)).filter { $0 != "\r" }
            if text.isEmpty { break }
            if index == 1 {
                status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            } else if let colon = text.firstIndex(of: ":") {
                headers[text[..<colon].lowercased()] = String(text[text.index(after: colon)...].drop { $0 == " " })
            }
        }
        body = lines.dropFirst(index).map { String(Substring($0)) }.joined(separator: "\n")
    }

    /// A request with an ordinary frame.
    static func call(
        _ port: Int, _ method: String, _ target: String, _ body: String = "", headers: [String] = []
    ) async throws -> RawHTTP {
        let lines =
            ["\(method) \(target) HTTP/1.1", "Host: test", "Connection: close"] + headers
            + (body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"])
        return try await RawHTTP(port: port, sending: lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// A request framed as the original's clients do: chunked, without a type, whatever the method.
    static func chunked(
        _ port: Int, _ method: String, _ target: String, _ body: String, headers: [String] = []
    ) async throws -> RawHTTP {
        let size = String(body.utf8.count, radix: 16)
        return try await RawHTTP(
            port: port,
            sending: "\(method) \(target) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                + headers.map { "\($0)\r\n" }.joined()
                + "Transfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n")
    }
}
