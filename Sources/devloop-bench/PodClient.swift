// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Asks a Pod over HTTP, one connection a question, as often as every 4 ms. Blocks: nothing else is to be done.
struct PodClient: Sendable {
    let address: String
    var port: UInt16 = 8_080

    /// The body of an answer with status 200; nil when the Pod does not answer so within a second.
    func get(_ path: String) -> [UInt8]? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        // A Pod that goes away swallows the first packet; the next try must not wait for it.
        var short = timeval(tv_sec: 0, tv_usec: 200_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &short, size)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        guard inet_pton(AF_INET, address, &target.sin_addr) == 1 else { return nil }
        let connected = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return nil }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else { return nil }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            answer += buffer[..<count]
        }
        guard answer.starts(with: Array("HTTP/1.1 200".utf8)) else { return nil }
        let end = Array("\r\n\r\n".utf8)
        guard answer.count >= end.count,
            let head = (0...(answer.count - end.count)).first(where: { Array(answer[$0..<($0 + end.count)]) == end })
        else { return nil }
        return Array(answer[(head + end.count)...])
    }

    /// Asks every 4 ms until the answer holds the text.
    /// - Parameter process: number that the answer must not begin with; nil takes the answer of any process.
    /// - Returns: the moment of that answer.
    func wait(
        for text: String, at path: String, otherThan process: [UInt8]? = nil, deadline: Duration
    ) async throws -> ContinuousClock.Instant {
        let wanted = Array(text.utf8)
        let end = ContinuousClock.now + deadline
        while true {
            let asked = ContinuousClock.now
            if let body = get(path), Self.holds(body, wanted), process == nil || Self.process(body) != process {
                return .now
            }
            guard asked < end else { throw BenchFailure("\(address)\(path) did not show '\(text)' within \(deadline)") }
            try await Task.sleep(until: asked + .milliseconds(4), tolerance: .zero)
        }
    }

    /// Does something while the Pod is asked as often as ``wait(for:at:deadline:)`` does: asking takes its share of the
    /// processors, and what is compared has to bear the same.
    func asking<Result>(at path: String, _ body: () async throws -> Result) async throws -> Result {
        let client = self
        let asking = Task.detached {
            while !Task.isCancelled {
                let asked = ContinuousClock.now
                _ = client.get(path)
                try? await Task.sleep(until: asked + .milliseconds(4), tolerance: .zero)
            }
        }
        defer { asking.cancel() }
        return try await body()
    }

    /// The first word of an answer.
    static func process(_ body: [UInt8]) -> [UInt8] { Array(body.prefix { $0 != UInt8(ascii: " ") }) }

    static func holds(_ body: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard body.count >= wanted.count else { return false }
        return (0...(body.count - wanted.count)).contains { body[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }
}
