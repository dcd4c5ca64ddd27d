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

    /// Listens on every address that the name stands for: `localhost` is 127.0.0.1 and, where there is IPv6, ::1, since
    /// programs try either first.
    /// - Throws: `DevloopError` with code portInUse when one of them is taken: the name would lead some to us and some to
    ///   another program.
    package static func all(host: String, port: Int) throws(DevloopError) -> [LocalListener] {
        var triesLeft = 8
        while true {
            let first = try LocalListener(host: host, port: port)
            guard host == "localhost" else { return [first] }
            do {
                return [first, try LocalListener(host: "::1", port: first.port)]
            } catch {
                guard error.cause is PortTaken else { return [first] }
                triesLeft -= 1
                // Any free port: the next one may be free on both.
                guard port == 0, triesLeft > 0 else { throw error }
            }
        }
    }

    private struct PortTaken: Error {}

    /// - Parameters:
    ///   - host: `localhost`, or an address; `localhost` means 127.0.0.1.
    ///   - port: 0 takes any free port.
    /// - Throws: `DevloopError` with code portInUse.
    package init(host: String, port: Int) throws(DevloopError) {
        guard let address = SocketAddress(host == "localhost" ? "127.0.0.1" : host, port: port) else {
            throw DevloopError(
                .portInUse, "\(host):\(port) is no address to listen on", hint: "use localhost or 0.0.0.0")
        }
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw DevloopError(.portInUse, "cannot open a socket: \(String(cString: strerror(errno)))")
        }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        if address.family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        guard address.with({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 64) == 0 else {
            let failure = errno
            Glibc.close(descriptor)
            throw DevloopError(
                .portInUse, "cannot listen on \(host):\(port): \(String(cString: strerror(failure)))",
                hint: failure == EADDRINUSE ? "another program has the port; end it, or change port_forwards" : nil,
                cause: failure == EADDRINUSE ? PortTaken() : nil)
        }
        self.descriptor = descriptor
        self.port = SocketAddress.port(of: descriptor)
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
            case EINTR, ECONNABORTED: continue
            // Too many open files or too little memory: the connection waits in the kernel until some are closed.
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return nil }
            default: return nil
            }
        }
    }

    /// Ends the listener; a waiting ``accept()`` gives nil.
    package func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
