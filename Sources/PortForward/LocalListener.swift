// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Dispatch
import Glibc

/// A TCP listener on this machine.
package final class LocalListener: Sendable {
    /// The port that was bound.
    package let port: Int
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "devloop.listen")

    /// - Parameters:
    ///   - host: `localhost`, or an address; `localhost` means 127.0.0.1.
    ///   - port: 0 takes any free port.
    /// - Throws: `DevloopError` with code portInUse.
    package init(host: String, port: Int) throws(DevloopError) {
        let name = host == "localhost" ? "127.0.0.1" : host
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        guard inet_pton(AF_INET, name, &address.sin_addr) == 1, (0...65_535).contains(port) else {
            throw DevloopError(
                .portInUse, "\(host):\(port) is no address to listen on", hint: "use localhost or 0.0.0.0")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw DevloopError(.portInUse, "cannot open a socket: \(String(cString: strerror(errno)))")
        }
        self.descriptor = descriptor
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
        }
        guard isBound, listen(descriptor, 64) == 0 else {
            let failure = errno
            Glibc.close(descriptor)
            throw DevloopError(
                .portInUse, "cannot listen on \(host):\(port): \(String(cString: strerror(failure)))",
                hint: failure == EADDRINUSE ? "another program has the port; end it, or change port_forwards" : nil)
        }
        var bound = sockaddr_in()
        var length = size
        _ = withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        self.port = Int(UInt16(bigEndian: bound.sin_port))
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { Glibc.close(descriptor) }

    /// The next connection; nil after ``close()``.
    package func accept() async -> (any ByteChannel)? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                return SocketChannel(connection)
            }
            switch errno {
            case EAGAIN: await DescriptorReadiness.wait(descriptor, forWriting: false, on: queue)
            case EINTR, ECONNABORTED, EMFILE, ENFILE: await Task.yield()
            default: return nil
            }
        }
    }

    /// Ends the listener; a waiting ``accept()`` gives nil.
    package func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
