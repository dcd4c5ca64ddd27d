// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import PortForward

/// Whether somebody listens on a port of this machine: a question that costs next to nothing, so that a program can be asked
/// for every millisecond while it starts without being slowed down by it.
enum LocalPort {
    /// The port that a probe asks; nil when it asks no port of this machine.
    static func of(_ action: Probe.Action) -> Int? {
        switch action {
        case .httpGet(_, let host, let port, _), .tcpSocket(let host, let port):
            host == LocalNetwork.host ? port : nil
        case .exec: nil
        }
    }

    static func accepts(_ port: Int) async -> Bool {
        guard let connection = try? await LocalConnection.open(port: port) else { return false }
        await connection.close()
        return true
    }
}
