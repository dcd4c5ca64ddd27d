// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

/// Requests against a server on loopback that behaves.
@Suite(.timeLimit(.minutes(1)))
struct HTTPClientTests {
    @Test func sendsAndReceives() async throws {
        let server = try FaultServer { connection in
            while let (head, body) = connection.readRequest() {
                connection.answer(
                    201, "\(head.split(separator: "\r\n")[0])|\(String(decoding: body, as: UTF8.self))",
                    headers: "X-One: 1\r\nx-two:  2 \r\nX-Two: 3\r\n")
            }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        for number in 0..<3 {
            let request = HTTPRequest(server.url("/a?b=\(number)"), method: "PATCH", body: Array("body".utf8))
            let response = try await client.send(request)
            #expect(response.status == 201)
            #expect(response.text == "PATCH /a?b=\(number) HTTP/1.1|body")
            #expect(response.headers["x-ONE"] == "1")
            #expect(response.headers.values("X-Two") == ["2", "3"])
        }
        // One connection for all.
        #expect(server.connections == 1)
    }

    struct MethodCase: Sendable, CustomTestStringConvertible {
        var method: String
        var body: [UInt8]?
        var wantLength: String?
        var testDescription: String { "\(method) \(body?.count ?? -1)" }
    }

    @Test(arguments: [
        MethodCase(method: "GET", body: nil, wantLength: nil),
        MethodCase(method: "DELETE", body: nil, wantLength: nil),
        MethodCase(method: "DELETE", body: [1], wantLength: "1"),
        MethodCase(method: "POST", body: [], wantLength: "0"),
        MethodCase(method: "PUT", body: [UInt8](repeating: 0, count: 3_000_000), wantLength: "3000000"),
        MethodCase(method: "HEAD", body: nil, wantLength: nil),
    ])
    func sendsMethodAndBody(_ test: MethodCase) async throws {
        let server = try FaultServer { connection in
            guard let (head, body) = connection.readRequest() else { return }
            let lines = head.split(separator: "\r\n").map(String.init)
            let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            let isUnwanted = lines.contains {
                $0.lowercased().hasPrefix("expect:") || $0.lowercased().hasPrefix("content-type:")
            }
            connection.answer(
                200, "",
                headers: "X-Method: \(lines[0].prefix { $0 != " " })\r\nX-Length: \(length ?? "-")\r\n"
                    + "X-Body: \(body.count)\r\nX-Unwanted: \(isUnwanted)\r\n")
        }
        defer { server.stop() }
        let response = try await HTTPClient().send(HTTPRequest(server.url(), method: test.method, body: test.body))
        #expect(response.headers["X-Method"] == test.method)
        #expect(response.headers["X-Length"]?.lowercased() == test.wantLength.map { "content-length: \($0)" } ?? "-")
        #expect(response.headers["X-Body"] == String(test.body?.count ?? 0))
        #expect(response.headers["X-Unwanted"] == "false")
    }

    @Test func skipsInterimAnswers() async throws {
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            connection.answer(200, "final")
        }
        defer { server.stop() }
        let response = try await HTTPClient().send(HTTPRequest(server.url()))
        #expect(response.status == 200)
        #expect(response.headers["Link"] == nil)
        #expect(response.text == "final")
    }

    @Test func followsRedirectsOnlyWhenAsked() async throws {
        let target = try FaultServer { connection in
            guard let (head, _) = connection.readRequest() else { return }
            connection.answer(200, head.lowercased().contains("authorization") ? "with secret" : "without secret")
        }
        let server = try FaultServer { connection in
            while connection.readRequest() != nil {
                connection.answer(302, "elsewhere", headers: "Location: \(target.url("/there"))\r\n")
            }
        }
        defer {
            server.stop()
            target.stop()
        }
        let client = try HTTPClient()
        var request = HTTPRequest(server.url(), headers: ["Authorization": "Bearer secret"])
        let plain = try await client.send(request)
        #expect(plain.status == 302)
        #expect(plain.text == "elsewhere")
        request.maximumRedirects = 3
        let followed = try await client.send(request)
        #expect(followed.status == 200)
        // Another port is another server: it must not see the token.
        #expect(followed.text == "without secret")
    }

    @Test func speaksOverAUnixSocket() async throws {
        let folder = try TemporaryDirectory("http")
        let path = folder("daemon.sock")
        let server = try FaultServer(path: path) { connection in
            while connection.readRequest() != nil { connection.answer(200, "over a file") }
        }
        defer { server.stop() }
        let response = try await HTTPClient().send(HTTPRequest("http://localhost/info", unixSocket: path))
        #expect(response.text == "over a file")
    }

    @Test func speaksThroughAProxy() async throws {
        let proxy = try FaultServer { connection in
            guard let (head, _) = connection.readRequest() else { return }
            let line = head.split(separator: "\r\n")[0]
            if line.hasPrefix("CONNECT") {
                connection.write("HTTP/1.1 200 OK\r\n\r\n")
                if let bytes = connection.read() { connection.write(bytes) }
            } else {
                connection.answer(200, String(line))
            }
        }
        defer { proxy.stop() }
        let client = try HTTPClient(proxy: proxy.url(""))
        let response = try await client.send(HTTPRequest("http://far.example/x"))
        #expect(response.text == "GET http://far.example/x HTTP/1.1")
        let raw = try await client.connect("http://far.example/x")
        try await raw.send([1, 2, 3])
        #expect(try await raw.receive() == [1, 2, 3])
        await raw.close()
    }

    @Test func streamsAndMakesTheServerWait() async throws {
        let written = Mutex(0)
        let piece = [UInt8](repeating: 7, count: 64 << 10)
        let total = 512
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(total * piece.count)\r\n\r\n")
            for _ in 0..<total {
                guard connection.write(piece) else { return }
                written.withLock { $0 += piece.count }
            }
        }
        defer { server.stop() }
        let (head, body) = try await HTTPClient().stream(HTTPRequest(server.url()))
        #expect(head.status == 200)
        // Nobody reads: the server comes to a stand far below the whole.
        var last = -1
        let stands = await poll(every: .milliseconds(100)) {
            let now = written.withLock { $0 }
            defer { last = now }
            return now == last && now > 0
        }
        #expect(stands)
        #expect(written.withLock { $0 } < total * piece.count / 2)
        var count = 0
        for try await chunk in body {
            #expect(!chunk.isEmpty)
            count += chunk.count
        }
        #expect(count == total * piece.count)
    }

    /// Packed answers are unpacked, and only asked for where that is wanted; what does not unpack is an error.
    @Test func unpacksAnswers() async throws {
        // "packed\n" by gzip -n.
        let packed: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2B, 0x48, 0x4C, 0xCE, 0x4E, 0x4D, 0xE1, 0x02,
            0x00, 0x43, 0xE0, 0x41, 0x2F, 0x07, 0x00, 0x00, 0x00,
        ]
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                guard head.contains("Accept-Encoding: gzip") else {
                    connection.answer(200, head.lowercased().contains("accept-encoding") ? "asked" : "plain")
                    continue
                }
                let body = head.hasPrefix("GET /broken") ? Array("not packed at all".utf8) : packed
                connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n")
                connection.write(body)
            }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        var request = HTTPRequest(server.url())
        #expect(try await client.send(request).text == "plain")
        request.acceptsGzip = true
        #expect(try await client.send(request).text == "packed\n")
        request.url = server.url("/broken")
        let error = await #expect(throws: DevloopError.self) { try await client.send(request) }
        #expect((error?.cause as? HTTPFailure)?.kind == .malformed)
    }

    @Test func manyAtOnce() async throws {
        let server = try FaultServer { connection in
            while let (head, _) = connection.readRequest() {
                connection.answer(200, String(head.split(separator: " ")[1]))
            }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask { try await client.send(HTTPRequest(server.url("/\(number)"))).text == "/\(number)" }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
