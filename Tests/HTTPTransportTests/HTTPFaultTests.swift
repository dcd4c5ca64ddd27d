// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

/// Servers that fail in every way: one clear error each, and no waiting for ever.
@Suite(.timeLimit(.minutes(1)))
struct HTTPFaultTests {
    struct FaultCase: Sendable, CustomTestStringConvertible {
        var name: String
        var kind: HTTPFailure.Kind
        var script: @Sendable (FaultConnection) -> Void
        var testDescription: String { name }

        static let all: [FaultCase] = [
            FaultCase(name: "closes without an answer", kind: .interrupted) { _ = $0.readRequest() },
            FaultCase(name: "resets without an answer", kind: .interrupted) {
                _ = $0.readRequest()
                $0.reset()
            },
            FaultCase(name: "closes in the middle of the head", kind: .interrupted) {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Le")
            },
            FaultCase(name: "closes in the middle of the body", kind: .interrupted) {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            },
            FaultCase(name: "closes in the middle of a chunk", kind: .interrupted) {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nonly this")
            },
            FaultCase(name: "resets in the middle of the body", kind: .interrupted) {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
                $0.reset()
            },
            FaultCase(name: "says nothing", kind: .timeout) { $0.waitForEnd() },
            FaultCase(name: "stops in the middle of the body", kind: .timeout) {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
                $0.waitForEnd()
            },
            FaultCase(name: "speaks something else", kind: .malformed) {
                _ = $0.readRequest()
                $0.write("SSH-2.0-OpenSSH_9.2\r\n")
            },
            FaultCase(name: "sends garbage as chunk size", kind: .interrupted) {
                _ = $0.readRequest()
                $0.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n")
            },
            FaultCase(name: "sends more than allowed", kind: .malformed) {
                _ = $0.readRequest()
                $0.answer(200, String(repeating: "x", count: 3_000))
            },
        ]
    }

    @Test(arguments: FaultCase.all) func reports(_ test: FaultCase) async throws {
        let server = try FaultServer(test.script)
        defer { server.stop() }
        var request = HTTPRequest(server.url("/secret?token=1"), deadline: .milliseconds(500))
        request.maximumBodyBytes = 2_000
        let error = await #expect(throws: DevloopError.self) { try await HTTPClient().send(request) }
        #expect((error?.cause as? HTTPFailure)?.kind == test.kind)
        #expect(error?.message.contains("http://127.0.0.1:\(server.port)") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func refusedConnection() async throws {
        let server = try FaultServer { _ in }
        server.stop()
        let error = await #expect(throws: DevloopError.self) { try await HTTPClient().send(HTTPRequest(server.url())) }
        #expect(error?.code == .clusterUnreachable)
        #expect((error?.cause as? HTTPFailure)?.kind == .connect)
        #expect(error?.hint != nil)
        let raw = await #expect(throws: DevloopError.self) { try await HTTPClient().connect(server.url()) }
        #expect((raw?.cause as? HTTPFailure)?.kind == .connect)
    }

    @Test(arguments: ["not-a-url", "ftp://127.0.0.1/", "http://127.0.0.1/a b", "http://127.0.0.1/\n", "http://[::1"])
    func refusesBadAddresses(_ url: String) async throws {
        let error = await #expect(throws: DevloopError.self) {
            try await HTTPClient().send(HTTPRequest(url, deadline: .seconds(2)))
        }
        let kind = (error?.cause as? HTTPFailure)?.kind
        #expect(kind == .invalid || kind == .connect || kind == .malformed)
    }

    @Test(arguments: [("X-A", "1\r\nX-B: 2"), ("X-A\r\nX-B", "1"), ("X-A", "a\0b"), ("", "1")])
    func refusesForgedHeaders(_ name: String, _ value: String) async throws {
        let error = await #expect(throws: DevloopError.self) {
            try await HTTPClient().send(HTTPRequest("http://127.0.0.1:1/", headers: HTTPHeaders([(name, value)])))
        }
        #expect((error?.cause as? HTTPFailure)?.kind == .invalid)
    }

    @Test func silentStreamEndsAfterItsIdleTimeout() async throws {
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\nx")
            connection.waitForEnd()
        }
        defer { server.stop() }
        var request = HTTPRequest(server.url())
        request.idleTimeout = .seconds(1)
        let (_, body) = try await HTTPClient().stream(request)
        #expect(try await body.next() == Array("x".utf8))
        let error = await #expect(throws: DevloopError.self) { _ = try await body.next() }
        #expect((error?.cause as? HTTPFailure)?.kind == .timeout)
    }

    @Test func cancellationClosesTheConnection() async throws {
        let gone = Mutex(false)
        let started = Mutex(false)
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            started.withLock { $0 = true }
            connection.waitForEnd()
            gone.withLock { $0 = true }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let task = Task { try await client.send(HTTPRequest(server.url())) }
        #expect(await poll { started.withLock { $0 } })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await poll { gone.withLock { $0 } })
    }

    @Test func droppedBodyClosesTheConnection() async throws {
        let gone = Mutex(false)
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write("tick\n") {}
            gone.withLock { $0 = true }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        do {
            let (_, body) = try await client.stream(HTTPRequest(server.url()))
            #expect(try await body.next() != nil)
        }
        #expect(await poll { gone.withLock { $0 } })
    }

    @Test func shutdownFailsWhatIsUnderWay() async throws {
        let started = Mutex(false)
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            started.withLock { $0 = true }
            connection.waitForEnd()
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let raw = try await client.connect(server.url())
        let reading = Task { try await raw.receive() }
        let answer = Task { try await client.send(HTTPRequest(server.url())) }
        #expect(await poll { started.withLock { $0 } })
        client.shutdown()
        let error = await #expect(throws: DevloopError.self) { try await answer.value }
        #expect((error?.cause as? HTTPFailure)?.kind == .shutDown)
        let rawError = await #expect(throws: DevloopError.self) { try await reading.value }
        #expect((rawError?.cause as? HTTPFailure)?.kind == .shutDown)
        let stream = await #expect(throws: DevloopError.self) { try await client.stream(HTTPRequest(server.url())) }
        #expect((stream?.cause as? HTTPFailure)?.kind == .shutDown)
        let later = await #expect(throws: DevloopError.self) { try await client.send(HTTPRequest(server.url())) }
        #expect((later?.cause as? HTTPFailure)?.kind == .shutDown)
    }
}
