// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Fills `protocol: TCP` into ports: it is a key of the lists that server-side apply merges, and API servers before 1.21
/// reject a port without it (design D13).
package enum PortDefaults {
    package static func filled(_ object: JSONValue) -> JSONValue {
        switch object["kind"]?.string {
        case "Service": change(object, ["spec"]) { fillPorts($0) }
        case "Pod": change(object, ["spec"], fillContainers)
        case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
            change(object, ["spec", "template", "spec"], fillContainers)
        case "CronJob": change(object, ["spec", "jobTemplate", "spec", "template", "spec"], fillContainers)
        case "PodTemplate": change(object, ["template", "spec"], fillContainers)
        default: object
        }
    }

    /// Changes what lies at a path; an object without that path stays as it is.
    private static func change(
        _ object: JSONValue, _ path: ArraySlice<String>, _ body: (JSONValue) -> JSONValue
    ) -> JSONValue {
        guard let key = path.first else { return body(object) }
        guard let inner = object[key], inner.object != nil else { return object }
        var result = object
        result[key] = change(inner, path.dropFirst(), body)
        return result
    }

    private static func fillContainers(_ spec: JSONValue) -> JSONValue {
        var spec = spec
        for key in ["containers", "initContainers", "ephemeralContainers"] {
            if let containers = spec[key]?.array { spec[key] = .array(containers.map(fillPorts)) }
        }
        return spec
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
