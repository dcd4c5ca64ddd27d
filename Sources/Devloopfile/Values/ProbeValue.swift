// SPDX-License-Identifier: Apache-2.0

import Plan
import Starlark

/// What `probe(...)` makes.
final class ProbeValue: ForeignValue {
    let probe: Probe

    init(_ probe: Probe) { self.probe = probe }

    var typeName: String { "Probe" }
    var repr: String { "probe(\(probe.action))" }
    var isHashable: Bool { false }
}

/// What `exec_action`, `http_get_action` and `tcp_socket_action` make.
final class ProbeActionValue: ForeignValue {
    let action: Probe.Action

    init(_ action: Probe.Action) { self.action = action }

    var typeName: String {
        switch action {
        case .exec: "ExecAction"
        case .httpGet: "HTTPGetAction"
        case .tcpSocket: "TCPSocketAction"
        }
    }
    var repr: String { "\(action)" }
    var isHashable: Bool { false }
}
