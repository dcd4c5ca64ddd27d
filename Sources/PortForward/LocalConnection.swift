// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc

/// A TCP connection to a port of this machine.
package enum LocalConnection {
    /// - Throws: `DevloopError` with code clusterUnreachable when nobody listens.
    package static func open(port: Int) async throws(DevloopError) -> any ByteChannel {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        // Connecting on loopback ends at once, so blocking here is no wait; but where the listener's queue is full.
        var limit = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            let failure = errno
            close(descriptor)
            throw DevloopError(
                .clusterUnreachable, "cannot connect to 127.0.0.1:\(port): \(String(cString: strerror(failure)))")
        }
        return SocketChannel(descriptor)
    }
}
