// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds a TCP port on 127.0.0.1 that nothing listens on.
///
/// The kernel gives ephemeral ports in turn, so two callers do not get the same one soon; still, bind it at once.
package func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw TestFileError(path: "socket", errno: errno) }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
        }
    }
    guard result == 0 else { throw TestFileError(path: "127.0.0.1", errno: errno) }
    return Int(UInt16(bigEndian: address.sin_port))
}
