// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A server on loopback, or on a Unix socket, that does to each connection what a test tells it, faults included.
///
/// Each connection has a thread of its own, since its script may block.
package final class FaultServer: Sendable {
    package let port: Int
    /// Connections accepted so far.
    package var connections: Int { count.withLock { $0 } }

    private let listener: Int32
    private let count = Mutex(0)

    /// - Parameters:
    ///   - path: Path of a Unix socket to listen on; nil listens on a free port of 127.0.0.1.
    ///   - script: Runs for each connection, which is closed after it.
    package init(path: String? = nil, _ script: @escaping @Sendable (FaultConnection) -> Void) throws {
        (listener, port) = try path.map { (try Self.listen(path: $0), 0) } ?? LoopbackSocket.listen()
        try TestThread.start { [self, listener] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                // A child of another test would keep the connection open.
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                let number = count.withLock { count in
                    defer { count += 1 }
                    return count
                }
                let connection = FaultConnection(descriptor: descriptor, number: number)
                try? TestThread.start {
                    script(connection)
                    connection.close()
                }
            }
        }
    }

    package func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Ends the accepting thread, which holds the server.
    package func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
    }

    private static func listen(path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_un>.size)) != 0
                    || Glibc.listen(descriptor, 64) != 0
            }
        }
        if code { throw TestFileError(path: "socket", errno: errno) }
        return descriptor
    }
}

/// One accepted connection; used by its script alone.
package final class FaultConnection: Sendable {
    /// 0 for the first connection of the server.
    package let number: Int
    private let descriptor: Int32
    private let buffer = Mutex([UInt8]())
    private let isOpen = Mutex(true)

    init(descriptor: Int32, number: Int) {
        self.descriptor = descriptor
        self.number = number
    }

    /// Request line, header fields and body of the next request; nil when the client has gone.
    package func readRequest() -> (head: String, body: [UInt8])? {
        while true {
            let found: (head: String, body: [UInt8])? = buffer.withLock { buffer in
                guard let end = Self.find([0x0D, 0x0A, 0x0D, 0x0A], in: buffer) else { return nil }
                let head = String(decoding: buffer[..<end], as: UTF8.self)
                let length =
                    head.split(separator: "\r\n").compactMap { line -> Int? in
                        let parts = line.split(separator: ":")
                        return parts.first?.lowercased() == "content-length"
                            ? parts.last.flatMap { Int($0.filter(\.isNumber)) } : nil
                    }.first ?? 0
                guard buffer.count >= end + 4 + length else { return nil }
                let body = Array(buffer[(end + 4)..<(end + 4 + length)])
                buffer.removeFirst(end + 4 + length)
                return (head, body)
            }
            if let found { return found }
            guard let bytes = read() else { return nil }
            buffer.withLock { $0 += bytes }
        }
    }

    /// Bytes that are there, after those left from a request; nil at the end.
    package func read() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Exactly so many bytes; nil when the client goes before.
    package func read(exactly count: Int) -> [UInt8]? {
        while buffer.withLock({ $0.count }) < count {
            guard let bytes = read() else { return nil }
            buffer.withLock { $0 += bytes }
        }
        return buffer.withLock { buffer in
            defer { buffer.removeFirst(count) }
            return Array(buffer[..<count])
        }
    }

    /// - Returns: False when the client has gone.
    @discardableResult
    package func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// A complete answer.
    package func answer(_ status: Int = 200, _ body: String = "", headers: String = "") {
        write("HTTP/1.1 \(status) Test\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    /// Becomes a plain tunnel to a port of 127.0.0.1, until both sides have ended.
    package func relay(to port: Int) {
        guard let ended = try? Gate(), let server = LoopbackSocket.connect(port) else { return }
        let early = buffer.withLock { buffer in
            defer { buffer = [] }
            return buffer
        }
        LoopbackSocket.write(server, early[...])
        let client = descriptor
        try? TestThread.start {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(server, &bytes, bytes.count, 0)
                guard count > 0, LoopbackSocket.write(client, bytes[..<count]) else { break }
            }
            shutdown(client, Int32(SHUT_RDWR))
            ended.open()
        }
        while let bytes = read() { guard LoopbackSocket.write(server, bytes[...]) else { break } }
        shutdown(server, Int32(SHUT_RDWR))
        // The number of a closed descriptor is given to the next connection: nobody may use it any more.
        ended.wait()
        Glibc.close(server)
    }

    /// Waits until the client closes.
    package func waitForEnd() { while read() != nil {} }

    /// Ends the connection with a reset instead of an orderly end.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }

    package func close() {
        isOpen.withLock { isOpen in
            if isOpen { Glibc.close(descriptor) }
            isOpen = false
        }
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= needle.count else { return nil }
        return (0...(bytes.count - needle.count)).first { bytes[$0..<($0 + needle.count)].elementsEqual(needle) }
    }
}

/// Holds a script until a test lets it go on.
package final class Gate: Sendable {
    private let ends: [Int32]

    package init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestFileError(path: "pipe", errno: errno) }
        self.ends = ends
    }

    deinit { for end in ends { close(end) } }

    /// Blocks until the gate is open.
    package func wait() {
        var byte: UInt8 = 0
        _ = read(ends[0], &byte, 1)
    }

    /// Lets one waiting script go on.
    package func open() { _ = write(ends[1], [1], 1) }
}
