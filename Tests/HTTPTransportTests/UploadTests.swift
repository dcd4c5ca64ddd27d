// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import HTTPTransport
import Synchronization
import Testing

/// Bodies that are read while they are sent.
@Suite(.timeLimit(.minutes(1)))
struct UploadTests {
    /// Chunks of one value each, counted as they are asked for; a failure after them if there is one.
    struct Chunks: AsyncSequence, Sendable {
        typealias Element = [UInt8]
        typealias Failure = any Error

        final class Counts: Sendable {
            let started = Mutex(0)
            let given = Mutex(0)
        }

        var count: Int
        var size: Int
        var failure: DevloopError?
        /// Never ends after the last chunk.
        var hangs = false
        let counts = Counts()

        struct Iterator: AsyncIteratorProtocol {
            let chunks: Chunks
            var next = 0

            mutating func next() async throws -> [UInt8]? {
                guard next < chunks.count else {
                    if let failure = chunks.failure { throw failure }
                    if chunks.hangs { try await Task.sleep(for: .seconds(3600)) }
                    return nil
                }
                next += 1
                chunks.counts.given.withLock { $0 += 1 }
                return [UInt8](repeating: UInt8(truncatingIfNeeded: next), count: chunks.size)
            }
        }

        func makeAsyncIterator() -> Iterator {
            counts.started.withLock { $0 += 1 }
            return Iterator(chunks: self)
        }

        var bytes: [UInt8] {
            (0..<count).flatMap { [UInt8](repeating: UInt8(truncatingIfNeeded: $0 + 1), count: size) }
        }
    }

    static func request(_ url: String, _ chunks: Chunks, length: Int?, method: String = "POST") -> HTTPRequest {
        var request = HTTPRequest(url, method: method)
        request.upload = HTTPUpload(chunks, length: length)
        return request
    }

    /// The body of a chunked request; nil when it is cut off.
    static func readChunked(_ connection: FaultConnection, onPiece: (Int) -> Void = { _ in }) -> [UInt8]? {
        var body: [UInt8] = []
        while let line = readLine(connection) {
            guard let size = Int(line, radix: 16), let bytes = connection.read(exactly: size),
                connection.read(exactly: 2) != nil
            else { return nil }
            if size == 0 { return body }
            body += bytes
            onPiece(size)
        }
        return nil
    }

    private static func readLine(_ connection: FaultConnection) -> String? {
        var text = ""
        while !text.hasSuffix("\r\n") {
            guard let byte = connection.read(exactly: 1) else { return nil }
            text += String(decoding: byte, as: UTF8.self)
        }
        return String(text.dropLast(1))
    }

    /// The header fields of a request whose body is read apart.
    private static func readHead(_ connection: FaultConnection) -> String? {
        var text = ""
        while !text.hasSuffix("\r\n\r\n") {
            guard let byte = connection.read(exactly: 1) else { return nil }
            text.unicodeScalars.append(Unicode.Scalar(byte[0]))
        }
        return text
    }

    @Test(arguments: ["POST", "PUT"]) func aKnownLengthIsAnnounced(_ method: String) async throws {
        let server = try FaultServer { connection in
            while let (head, body) = connection.readRequest() {
                let isPlain = !head.lowercased().contains("transfer-encoding") && !head.lowercased().contains("expect")
                let sum = body.reduce(0) { $0 + Int($1) }
                connection.answer(200, "\(head.split(separator: " ")[0]) \(body.count) \(sum) \(isPlain)")
            }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        for count in [0, 1, 40] {
            let chunks = Chunks(count: count, size: 100_000)
            let response = try await client.send(
                Self.request(server.url(), chunks, length: count * 100_000, method: method))
            let sum = chunks.bytes.reduce(0) { $0 + Int($1) }
            #expect(response.text == "\(method) \(count * 100_000) \(sum) true")
        }
        #expect(server.connections == 1)
    }

    @Test func anUnknownLengthGoesInChunks() async throws {
        let chunks = Chunks(count: 30, size: 70_000)
        let server = try FaultServer { connection in
            guard let head = Self.readHead(connection) else { return }
            let body = Self.readChunked(connection)
            connection.answer(
                200, "\(head.lowercased().contains("transfer-encoding: chunked")) \(body == chunks.bytes)")
        }
        defer { server.stop() }
        let response = try await HTTPClient().send(Self.request(server.url(), chunks, length: nil))
        #expect(response.text == "true true")
    }

    @Test func aSlowReaderHoldsTheContentBack() async throws {
        let gate = try Gate()
        let server = try FaultServer { connection in
            _ = Self.readHead(connection)
            gate.wait()
            _ = Self.readChunked(connection)
            connection.answer(200, "done")
        }
        defer { server.stop() }
        // 400 MB, were they all read at once.
        let chunks = Chunks(count: 400, size: 1_000_000)
        let request = Self.request(server.url(), chunks, length: nil)
        async let response = HTTPClient().send(request)
        // What fits the buffers on the way is read, and no more.
        let last = Mutex(-1)
        let isStill = await poll(deadline: .seconds(20), every: .milliseconds(200)) {
            let given = chunks.counts.given.withLock { $0 }
            return last.withLock { last in
                defer { last = given }
                return given > 0 && last == given
            }
        }
        #expect(isStill)
        #expect(chunks.counts.given.withLock { $0 } < 100)
        gate.open()
        #expect(try await response.text == "done")
        #expect(chunks.counts.given.withLock { $0 } == 400)
    }

    @Test func aDeadConnectionIsNoticedAndTheContentStartsAnew() async throws {
        let server = try FaultServer { connection in
            // The first connection answers one request and closes without a word, as a server that restarts does.
            while let (_, body) = connection.readRequest() {
                connection.answer(200, "\(body.count)")
                if connection.number == 0 {
                    _ = connection.read(exactly: 500_000)
                    return connection.reset()
                }
            }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        let first = Chunks(count: 1, size: 10)
        #expect(try await client.send(Self.request(server.url(), first, length: 10)).text == "10")
        let second = Chunks(count: 20, size: 200_000)
        #expect(try await client.send(Self.request(server.url(), second, length: 4_000_000)).text == "4000000")
        #expect(second.counts.started.withLock { $0 } == 2)
        #expect(server.connections == 2)
    }

    @Test func aFailureOfTheContentIsTheError() async throws {
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        defer { server.stop() }
        for count in [0, 3] {
            let chunks = Chunks(count: count, size: 1000, failure: DevloopError(.file, "the file is gone"))
            let error = await #expect(throws: DevloopError.self) {
                try await HTTPClient().send(Self.request(server.url(), chunks, length: nil))
            }
            #expect(error?.message == "the file is gone")
        }
    }

    @Test(arguments: [5, 40]) func anotherLengthThanAnnouncedIsAnError(_ announced: Int) async throws {
        let server = try FaultServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        defer { server.stop() }
        let chunks = Chunks(count: 3, size: 10)
        let error = await #expect(throws: DevloopError.self) {
            try await HTTPClient().send(Self.request(server.url(), chunks, length: announced))
        }
        #expect(error?.message.contains("where \(announced) were announced") == true)
        #expect((error?.cause as? HTTPFailure)?.kind == .invalid)
    }

    @Test func anEarlyRefusalIsTheAnswer() async throws {
        let server = try FaultServer { connection in
            _ = Self.readHead(connection)
            connection.answer(413, "too large")
            connection.waitForEnd()
        }
        defer { server.stop() }
        let chunks = Chunks(count: 5000, size: 100_000)
        let response = try await HTTPClient().send(Self.request(server.url(), chunks, length: 500_000_000))
        #expect(response.status == 413)
        #expect(response.text == "too large")
    }

    @Test func cancellingStopsTheReading() async throws {
        let server = try FaultServer { connection in
            _ = Self.readHead(connection)
            connection.waitForEnd()
        }
        defer { server.stop() }
        let chunks = Chunks(count: 2, size: 10, hangs: true)
        let client = try HTTPClient()
        let request = Self.request(server.url(), chunks, length: nil)
        let task = Task { try await client.send(request) }
        #expect(await poll { chunks.counts.given.withLock { $0 } == 2 })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aServerThatDiesIsAnError() async throws {
        let server = try FaultServer { connection in
            _ = Self.readHead(connection)
            connection.reset()
        }
        defer { server.stop() }
        let chunks = Chunks(count: 1000, size: 100_000)
        let error = await #expect(throws: DevloopError.self) {
            try await HTTPClient().send(Self.request(server.url(), chunks, length: 100_000_000))
        }
        #expect((error?.cause as? HTTPFailure)?.kind == .interrupted)
    }

    @Test func anAnswerMayBeReadWhileTheBodyIsSent() async throws {
        let server = try FaultServer { connection in
            _ = Self.readHead(connection)
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let body = Self.readChunked(connection) { _ in connection.write("1\r\n.\r\n") }
            connection.write("\(body?.isEmpty == false ? "3\r\nend\r\n" : "")0\r\n\r\n")
        }
        defer { server.stop() }
        let chunks = Chunks(count: 50, size: 100_000)
        let (head, body) = try await HTTPClient().stream(Self.request(server.url(), chunks, length: nil))
        #expect(head.status == 200)
        var text = ""
        for try await piece in body { text += String(decoding: piece, as: UTF8.self) }
        #expect(text.hasPrefix("."))
        #expect(text.hasSuffix("end"))
    }

    @Test func uploadsLeaveNothing() async throws {
        let server = try FaultServer { connection in
            while let (_, body) = connection.readRequest() { connection.answer(200, "\(body.count)") }
        }
        defer { server.stop() }
        let client = try HTTPClient()
        var leftBehind: [Forgotten] = []
        for number in 0..<300 {
            let chunks = Chunks(count: 2, size: 1000)
            leftBehind.append(Forgotten(chunks.counts))
            // Every third is given up at once.
            let request = Self.request(server.url(), chunks, length: 2000)
            let task = Task { try await client.send(request) }
            if number % 3 == 0 { task.cancel() }
            _ = try? await task.value
        }
        // A reading task that goes on, or a pipe that is kept, would hold its content.
        #expect(await poll { leftBehind.allSatisfy { $0.counts == nil } })
    }

    struct Forgotten {
        weak var counts: Chunks.Counts?
        init(_ counts: Chunks.Counts) { self.counts = counts }
    }
}
