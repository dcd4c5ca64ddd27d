// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Dispatch
import Glibc

/// A client that ends its own side and still reads, as `nc` does.
final class HalfClosingClient: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw DevloopError(.process, "cannot connect to \(port): \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    func end() { shutdown(descriptor, Int32(SHUT_WR)) }

    func readToEnd() async -> [UInt8] {
        await withCheckedContinuation { continuation in
            // It blocks: not on a thread of Swift's tasks.
            DispatchQueue.global().async { continuation.resume(returning: self.readBlocking()) }
        }
    }

    private func readBlocking() -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return all }
            all += buffer[..<count]
        }
    }
}

/// The slowness of a server, which is part of what is tested: a blocking wait on the server's own thread.
struct Pause {
    func wait(milliseconds: Int32) { poll(nil, 0, milliseconds) }
}
