// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPTransport
import KubeClient
import Synchronization

/// As much of an API server as reading the log of one container takes, on loopback: the Pod, and its log as fast as the
/// reader takes it. Once the log was followed to its end, the container has ended.
final class LogServer: Sendable {
    static let run = "containerd://flood"

    let port: Int
    private let listener: CInt
    private let flood: LogFlood
    private let isOver = Mutex(false)
    /// Requests for the log so far.
    private let readings = Mutex(0)

    var logRequests: Int { readings.withLock { $0 } }

    init(_ flood: LogFlood) throws {
        self.flood = flood
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isOpen else { throw BenchFailure("no port to listen on: \(String(cString: strerror(errno)))") }
        port = Int(UInt16(bigEndian: address.sin_port))
        try Thread.detach { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                try? Thread.detach { [self] in
                    serve(connection)
                    close(connection)
                }
            }
        }
    }

    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ connection: CInt) {
        var buffer: [UInt8] = []
        while let request = Self.request(connection, &buffer) {
            guard request.contains("/log?") else {
                let state = isOver.withLock { $0 } ? #""terminated":{"containerID":"\#(Self.run)"}"# : #""running":{}"#
                let body =
                    #"{"status":{"containerStatuses":[{"name":"main","containerID":"\#(Self.run)","state":{\#(state)}}]}}"#
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                guard Self.send(connection, Array((head + body).utf8)) else { return }
                continue
            }
            readings.withLock { $0 += 1 }
            let first = Self.second(request).map { flood.firstLine(of: $0) } ?? 0
            guard sendLog(connection, from: first) else { return }
            isOver.withLock { $0 = true }
        }
    }

    private func sendLog(_ connection: CInt, from first: Int) -> Bool {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        guard Self.send(connection, Array(head.utf8)) else { return false }
        var lines: [UInt8] = []
        lines.reserveCapacity(128 << 10)
        for index in first..<flood.count {
            flood.appendStamped(index, to: &lines)
            guard lines.count >= 32 << 10 || index == flood.count - 1 else { continue }
            let size = Array("\(String(lines.count, radix: 16))\r\n".utf8)
            guard Self.send(connection, size), Self.send(connection, lines), Self.send(connection, [0x0D, 0x0A]) else {
                return false
            }
            lines.removeAll(keepingCapacity: true)
        }
        return Self.send(connection, Array("0\r\n\r\n".utf8))
    }

    /// The next request line; nil when the client has gone.
    private static func request(_ connection: CInt, _ buffer: inout [UInt8]) -> String? {
        var piece = [UInt8](repeating: 0, count: 4_096)
        while true {
            let text = String(decoding: buffer, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                buffer = Array(text[end.upperBound...].utf8)
                return text.split(separator: "\r\n").first.map(String.init)
            }
            let count = recv(connection, &piece, piece.count, 0)
            guard count > 0 else { return nil }
            buffer += piece[..<count]
        }
    }

    /// `sinceTime` of a request for the log.
    private static func second(_ request: String) -> Int? {
        guard let mark = request.range(of: "sinceTime=") else { return nil }
        let value = request[mark.upperBound...].prefix { $0 != "&" && $0 != " " }
        return LogTimestamp(value.split(separator: "%3A").joined(separator: ":"))?.seconds
    }

    private static func send(_ connection: CInt, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.send(
                    connection, buffer.baseAddress.map { $0 + done }, buffer.count - done, CInt(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }
}
