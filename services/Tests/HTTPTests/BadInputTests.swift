// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import ServiceKit
import Testing

@testable import api_gateway
@testable import link_checker
@testable import link_service
@testable import social_graph_service
@testable import user_service

/// What no well-behaved client sends, to each service: it is refused, and the next request is answered.
@Suite(.timeLimit(.minutes(1))) struct BadInputTests {
    /// A service, and a request of it that has a body.
    struct Target: Sendable, CustomTestStringConvertible {
        var name: String
        var path: String
        var body: String
        var answer: String
        var describe: @Sendable () throws -> ServiceDescription

        var testDescription: String { name }
        /// Only the gateway asks for it.
        let fields = "Host: test\r\nConnection: close\r\nAccess-Token: t\r\n"
    }

    static let targets = [
        Target(
            name: "link_service", path: "/links", body: #"{"url":"u","username":"gigi"}"#, answer: "{\"err\":\"\"}\n"
        ) { try LinkProgram.describe(Settings(GatewayTests.base), log: GatewayTests.quiet) },
        Target(
            name: "user_service", path: "/register", body: #"{"username":"gigi"}"#, answer: "{\"err\":\"\"}\n"
        ) { try UserProgram.describe(Settings(GatewayTests.base), log: GatewayTests.quiet) },
        Target(
            name: "social_graph_service", path: "/follow", body: #"{"followed":"a","follower":"b"}"#,
            answer: "{\"err\":\"\"}\n"
        ) { try SocialGraphProgram.describe(Settings(GatewayTests.base), log: GatewayTests.quiet) },
        // Nothing is behind it; that it comes so far is enough.
        Target(
            name: "api_gateway", path: "/v1/links", body: #"{"title":"t"}"#, answer: GatewayTests.missing("url")
        ) {
            let tokens = ["GATEWAY_DEV_TOKENS": "t=gigi:g@x"]
            return try GatewayProgram.describe(
                Settings(GatewayTests.base.merging(tokens) { $1 }), log: GatewayTests.quiet)
        },
        Target(
            name: "link_checker", path: "/", body: #"{"url":"u"}"#, answer: "the user name can't be empty\n"
        ) { try CheckerProgram.describe(Settings(GatewayTests.base), log: GatewayTests.quiet) },
    ]

    @Test(arguments: targets) func whatIsNoRequestIsRefused(target: Target) async throws {
        let post = "POST \(target.path) HTTP/1.1\r\n\(target.fields)"
        let texts = [
            "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: t\r\n\r\n", "GET / FTP/1.1\r\n\r\n",
            "\(post)Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "\(post)Content-Length: -1\r\n\r\n",
            "\(post)Content-Length: 99999999999999999999\r\n\r\n", "\(post)Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "\(post)X: \(String(repeating: "x", count: 200_000))\r\n\r\n", "\(post)no colon\r\n\r\n",
        ]
        try await withService(try target.describe()) { port in
            for text in texts {
                let reply = try await RawHTTP(port: port, sending: text)
                #expect((400..<500).contains(reply.status), "\(text.prefix(80).debugDescription)")
                #expect(try await RawHTTP.call(port, "GET", "/healthz").status == 200)
            }
        }
    }

    @Test(arguments: targets, [false, true])
    func aBodyThatIsTooLongIsRefused(target: Target, chunked: Bool) async throws {
        let body = #"{"url":""# + String(repeating: "a", count: 1 << 20) + #""}"#
        try await withService(try target.describe()) { port in
            let reply =
                chunked
                ? try await RawHTTP.chunked(port, "POST", target.path, body, headers: ["Access-Token: t"])
                : try await RawHTTP.call(port, "POST", target.path, body, headers: ["Access-Token: t"])
            #expect(reply.status == 413)
            #expect(try await RawHTTP.call(port, "GET", "/healthz").status == 200)
        }
    }

    /// Two hundred clients stop in the middle of their request: others are answered, and so are they when they go on.
    @Test(arguments: targets) func slowClientsHoldNobodyUpAndAreAnswered(target: Target) async throws {
        let head = "POST \(target.path) HTTP/1.1\r\n\(target.fields)Content-Length: \(target.body.utf8.count)\r\n\r\n"
        let request = Array((head + target.body).utf8)
        try await withService(try target.describe()) { port in
            var clients: [SlowClient] = []
            for number in 0..<200 {
                let client = try await SlowClient(port: port)
                // In the request line, in the fields, in the body.
                try await client.send(request[..<[6, 40, request.count - 5][number % 3]])
                clients.append(client)
            }
            #expect(try await RawHTTP.call(port, "GET", "/readyz").status == 200)
            for (number, client) in clients.enumerated() where number < 3 {
                for byte in request[[6, 40, request.count - 5][number]...] { try await client.send([byte]) }
                let answer = try await client.answer()
                // The first of the three is new to the service, the others bring the same once more.
                #expect(answer.contains("\r\n\r\n"))
                if number == 0 { #expect(answer.hasSuffix(target.answer), "\(answer)") }
            }
            for client in clients { await client.close() }
            #expect(try await RawHTTP.call(port, "GET", "/readyz").status == 200)
        }
    }
}

/// A connection whose bytes a test sends one by one.
private struct SlowClient {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    init(port: Int) async throws {
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
    }

    func send(_ bytes: some Collection<UInt8>) async throws {
        try await channel.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Everything up to the end of the connection.
    func answer() async throws -> String {
        try await channel.executeThenClose { inbound, _ in
            var bytes: [UInt8] = []
            for try await part in inbound { bytes += part.readableBytesView }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    func close() async {
        try? await channel.channel.close()
    }
}
