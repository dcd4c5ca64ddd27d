// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import Synchronization
import Testing

@testable import HTTPTransport

/// The client against a scripted server.
@Suite(.timeLimit(.minutes(1)))
struct WebSocketTests {
    /// Answers a handshake; nil when it was none.
    static func accept(_ connection: FaultConnection, protocol chosen: String? = nil) -> String? {
        guard let (head, _) = connection.readRequest() else { return nil }
        let key = head.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
        let accept = Base64.encode(SHA1.digest(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
        let line = chosen.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? ""
        connection.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: \(accept)\r\n\(line)\r\n")
        return head
    }

    /// Reads one short masked frame.
    static func frame(_ connection: FaultConnection) -> (opcode: UInt8, payload: [UInt8])? {
        guard let head = connection.read(exactly: 6) else { return nil }
        guard let payload = connection.read(exactly: Int(head[1] & 0x7F)) else { return nil }
        return (head[0] & 0x0F, payload.enumerated().map { $1 ^ head[2 + ($0 & 3)] })
    }

    @Test func exchangesMessagesAnswersPingsAndCloses() async throws {
        let seen = Mutex<[String]>([])
        let server = try FaultServer { connection in
            guard let head = Self.accept(connection, protocol: "v4") else { return }
            seen.withLock { $0.append(head.contains("Sec-WebSocket-Protocol: v5, v4") ? "offered" : head) }
            connection.write([0x89, 0x02, 1, 2])
            connection.write([0x02, 0x02, 10, 11])
            connection.write([0x80, 0x01, 12])
            while let (opcode, payload) = Self.frame(connection) {
                seen.withLock { $0.append("\(opcode):\(payload)") }
                if opcode == 2 { connection.write([0x88, 0x02, 0x03, 0xE8]) }
                if opcode == 8 { return }
            }
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(
            try HTTPClient(), url: server.url("/exec?x=1"), subprotocols: ["v5", "v4"])
        #expect(socket.subprotocol == "v4")
        #expect(try await socket.receive() == [10, 11, 12])
        try await socket.send([0], [7, 8])
        #expect(try await socket.receive() == nil)
        #expect(await poll { seen.withLock { $0.count } == 4 })
        #expect(seen.withLock { $0 } == ["offered", "10:[1, 2]", "2:[0, 7, 8]", "8:[3, 232]"])
    }

    @Test func refusalCarriesTheAnswer() async throws {
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.answer(403, "{\"kind\":\"Status\"}")
        }
        defer { server.stop() }
        let refusal = await #expect(throws: WebSocketRefusal.self) {
            try await WebSocket.connect(try HTTPClient(), url: server.url())
        }
        #expect(refusal?.response.status == 403)
        #expect(refusal?.response.text == "{\"kind\":\"Status\"}")
    }

    @Test func chunkedRefusal() async throws {
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n")
            connection.waitForEnd()
        }
        defer { server.stop() }
        let refusal = await #expect(throws: WebSocketRefusal.self) {
            try await WebSocket.connect(try HTTPClient(), url: server.url())
        }
        #expect(refusal?.response.text == "abcdefg")
    }

    struct BadCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var script: @Sendable (FaultConnection) -> Void

        static let all: [BadCase] = [
            BadCase(testDescription: "wrong accept key") {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n")
                $0.waitForEnd()
            },
            BadCase(testDescription: "no upgrade") {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 101 S\r\n\r\n")
                $0.waitForEnd()
            },
            BadCase(testDescription: "protocol that was not offered") {
                _ = WebSocketTests.accept($0, protocol: "v9")
                $0.waitForEnd()
            },
            BadCase(testDescription: "end before an answer") { _ = $0.readRequest() },
            BadCase(testDescription: "no answer") { $0.waitForEnd() },
            BadCase(testDescription: "no HTTP") {
                _ = $0.readRequest()
                $0.write([UInt8](repeating: 0x41, count: 100_000))
                $0.waitForEnd()
            },
        ]
    }

    @Test(arguments: BadCase.all) func refusesBadHandshakes(_ test: BadCase) async throws {
        let server = try FaultServer(test.script)
        defer { server.stop() }
        await #expect(throws: DevloopError.self) {
            try await WebSocket.connect(
                try HTTPClient(), url: server.url(), subprotocols: ["v4"], timeout: .milliseconds(500))
        }
    }

    struct BreakCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var code: DevloopError.Code
    }

    @Test(arguments: [
        BreakCase(testDescription: "end without close", bytes: [], code: .clusterUnreachable),
        BreakCase(testDescription: "end inside a frame", bytes: [0x82, 0x05, 1], code: .clusterUnreachable),
        BreakCase(testDescription: "masked frame", bytes: [0x82, 0x81, 0, 0, 0, 0, 1], code: .protocolViolation),
        BreakCase(
            testDescription: "close with an error code", bytes: [0x88, 0x02, 0x03, 0xF3], code: .protocolViolation),
    ])
    func brokenStreamsAreErrors(_ test: BreakCase) async throws {
        let server = try FaultServer { connection in
            _ = Self.accept(connection)
            connection.write(test.bytes)
        }
        defer { server.stop() }
        let socket = try await WebSocket.connect(try HTTPClient(), url: server.url())
        let error = await #expect(throws: DevloopError.self) { _ = try await socket.receive() }
        #expect(error?.code == test.code)
    }

    @Test func digestsAsTheStandardSays() {
        func hex(_ bytes: [UInt8]) -> String {
            bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        #expect(hex(SHA1.digest(Array("abc".utf8))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(hex(SHA1.digest([])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(
            hex(SHA1.digest(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)))
                == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
        // RFC 6455 §1.3
        #expect(
            Base64.encode(SHA1.digest(Array("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
                == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ])
    func base64(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
        #expect(Base64.decode(encoded.replacing("=", with: "") + "\n") == Array(plain.utf8))
    }

    @Test(arguments: ["Zg=", "Z", "Zg===", "Z!==", "=Zg=", "Zm9v=", "Zg==Zg=="])
    func refusesBadBase64(_ text: String) { #expect(Base64.decode(text) == nil) }
}
