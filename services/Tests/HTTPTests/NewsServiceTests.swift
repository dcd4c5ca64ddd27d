// SPDX-License-Identifier: Apache-2.0

import Bus
import GRPCKit
import NIOCore
import NIOPosix
import ObjectModel
import ServiceKit
import Testing
import Wire

@testable import link_service
@testable import news_service
@testable import social_graph_service

/// Runs a gRPC service on a loopback port of the system's choice while `body` works with it.
func withNews<Result: Sendable>(
    _ settings: [String: String], bus: (any MessageBus)? = nil, log: LogLines = LogLines(),
    _ body: @escaping @Sendable (Int) async throws -> Result
) async throws -> Result {
    let (ports, sink) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
    let server = try NewsProgram.describe(
        Settings(["PORT": "0", "LISTEN_HOST": "127.0.0.1"].merging(settings) { $1 }),
        log: ServiceLog(name: "news manager", style: .plain, write: log.write), bus: bus
    ) { sink.yield($0) }
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            try await server.run()
            return nil
        }
        group.addTask {
            for await port in ports { return try await body(port) }
            return nil
        }
        defer { group.cancelAll() }
        guard let result = try await group.next(), let result else { throw ServiceEnded() }
        return result
    }
}

/// One page of somebody's news, over the wire.
func news(_ port: Int, of user: String, start: String = "") async throws -> GetNewsResponse {
    let request = GetNewsRequest(username: user, startToken: start)
    let reply = try await GRPCReply.call(port, "/pb.News/GetNews", request.protobuf)
    #expect(reply.status == "200")
    #expect(reply.grpcStatus == "0")
    return try GetNewsResponse(protobuf: reply.message)
}

@Suite(.timeLimit(.minutes(1))) struct NewsServiceTests {
    @Test func refusalsTravelInTheAnswer() async throws {
        try await withNews([:]) { port in
            #expect(try await news(port, of: "").err == "user name can't be empty")
            #expect(try await news(port, of: "liat", start: "x").err == "invalid start token: x")
            let page = try await news(port, of: "liat")
            #expect(page == GetNewsResponse())
        }
    }

    @Test func whatIsNoCallHasGRPCsOwnStatus() async throws {
        try await withNews([:]) { port in
            let request = GetNewsRequest(username: "liat", startToken: "").protobuf
            let path = "/pb.News/GetNews"
            let unknown = try await GRPCReply.call(port, "/pb.News/Nothing%é", request)
            #expect(unknown.status == "200" && unknown.grpcStatus == "12")
            #expect(unknown.grpcMessage == "unknown method /pb.News/Nothing%25%C3%A9")
            let compressed = try await GRPCReply.call(port, path, request, frame: [1, 0, 0, 0, 6])
            #expect(compressed.grpcStatus == "12")
            let short = try await GRPCReply.call(port, path, request, frame: [0, 0, 0, 0, 7])
            #expect(short.grpcStatus == "13")
            let none = try await GRPCReply.call(port, path, [], frame: [])
            #expect(none.grpcStatus == "13")
            let malformed = try await GRPCReply.call(port, path, [0x0a, 9])
            #expect(malformed.grpcStatus == "13" && malformed.grpcMessage == "malformed message")
            let long = try await GRPCReply.call(port, path, [UInt8](repeating: 0, count: 3 << 20))
            #expect(long.grpcStatus == "8")
            let other = try await GRPCReply.call(port, path, request, contentType: "application/json")
            #expect(other.status == "415")
            // After all of these it serves on.
            #expect(try await news(port, of: "liat").err.isEmpty)
        }
    }

    @Test func whatIsNoHTTP2IsRefusedAndSlowClientsHoldNobodyUp() async throws {
        try await withNews([:]) { port in
            let texts = [
                String(repeating: "\u{1}", count: 100), "GET / HTTP/1.1\r\nHost: t\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nthis is no frame at all",
            ]
            for text in texts {
                // What is said before the connection ends is HTTP/2's own affair.
                _ = try? await RawHTTP(port: port, sending: text)
                #expect(try await news(port, of: "liat").err.isEmpty)
            }
            var halves: [any Channel] = []
            for _ in 0..<200 {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: port).get()
                try await channel.writeAndFlush(ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\n")).get()
                halves.append(channel)
            }
            #expect(try await news(port, of: "liat").err.isEmpty)
            for channel in halves { try? await channel.close() }
            #expect(try await news(port, of: "liat").err.isEmpty)
        }
    }

    @Test func theHealthServiceKnowsIt() async throws {
        try await withNews([:]) { port in
            let path = "/grpc.health.v1.Health/Check"
            var named = ProtobufWriter()
            named.text(1, "pb.News")
            for request in [[], named.bytes] {
                let reply = try await GRPCReply.call(port, path, request)
                #expect(reply.grpcStatus == "0")
                #expect(reply.message == [0x08, 1])
            }
            var other = ProtobufWriter()
            other.text(1, "pb.Other")
            #expect(try await GRPCReply.call(port, path, other.bytes).grpcStatus == "5")
        }
    }

    @Test func eventsBecomeNewsInOrderAndThePagesFollow() async throws {
        let bus = MemoryBus()
        let log = LogLines()
        try await withNews([:], bus: bus, log: log) { port in
            // The service subscribes a moment after it listens.
            try await until {
                try await publish(bus, 0, "probe", #"{"Url":"u"}"#)
                return try await news(port, of: "probe").page.events.isEmpty == false
            }
            for message in ["oops", #"{"EventType":9}"#] {
                try await bus.publish(Array(message.utf8), on: Subject.linkEvents)
            }
            // As the original's end-to-end program sends it, and the update that ended the original.
            try await publish(
                bus, 0, "gigi",
                #"{"Url":"http://0","Status":"","Tags":null,"CreatedAt":"0001-01-01T00:00:00Z","UpdatedAt":null}"#)
            try await publish(bus, 1, "gigi", "null")
            for number in 1..<12 { try await publish(bus, number % 2, "gigi", #"{"Url":"http://\#(number)"}"#) }
            try await until { try await news(port, of: "gigi", start: "10").page.events.count == 2 }
            let first = try await news(port, of: "gigi").page
            #expect(first.events.map(\.url) == (0..<10).map { "http://\($0)" })
            #expect(first.events.map(\.kind.rawValue) == (0..<10).map { $0 % 2 })
            #expect(first.events.allSatisfy { $0.username == "gigi" && $0.time.seconds > 1_700_000_000 })
            let second = try await news(port, of: "gigi", start: first.nextToken).page
            #expect(second.events.map(\.url) == ["http://10", "http://11"])
            #expect(second.nextToken.isEmpty)
            #expect(log.all.count { $0.contains("an event was dropped") } == 2)
        }
    }

    private func publish(_ bus: MemoryBus, _ type: Int, _ user: String, _ link: String) async throws {
        let text = #"{"EventType":\#(type),"Username":"\#(user)","Link":\#(link)}"#
        try await bus.publish(Array(text.utf8), on: Subject.linkEvents)
    }
}
