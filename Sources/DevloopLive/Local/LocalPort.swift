// SPDX-License-Identifier: Apache-2.0

import Glibc
import Plan

/// Whether somebody listens on a port of this machine: a question that costs next to nothing, so that a program can be asked
/// for every 3 ms while it starts without being slowed down by it.
enum LocalPort {
    /// The port that a probe asks; nil when it asks no port of this machine.
    static func of(_ action: Probe.Action) -> Int? {
        switch action {
        case .httpGet(_, let host, let port, _), .tcpSocket(let host, let port):
            host == LocalNetwork.host ? port : nil
        case .exec: nil
        }
    }

    static func accepts(_ port: Int) -> Bool {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0, let number = in_port_t(exactly: port) else { return false }
        defer { close(client) }
        // One whose queue is full does not answer; it listens all the same.
        var limit = timeval(tv_sec: 0, tv_usec: 50_000)
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number.bigEndian
        address.sin_addr.s_addr = inet_addr(LocalNetwork.host)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 || errno == EINPROGRESS
            }
        }
    }
}
