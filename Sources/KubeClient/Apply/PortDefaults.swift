// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Fills `protocol: TCP` into ports: it is a key of the lists that server-side apply merges, and API servers before 1.21
/// reject a port without it (design D13).
enum PortDefaults {
    static func filled(_ object: JSONValue) -> JSONValue {
        if object["kind"]?.string == "Service" { return object.changing(["spec"]) { fillPorts($0) } }
        return AppliedForm.changingContainers(of: object, fillPorts)
    }

    private static func fillPorts(_ holder: JSONValue) -> JSONValue {
        guard let ports = holder["ports"]?.array else { return holder }
        var holder = holder
        holder["ports"] = .array(
            ports.map { port in
                guard port.object != nil, port["protocol"] == nil else { return port }
                var port = port
                port["protocol"] = "TCP"
                return port
            })
        return holder
    }
}
