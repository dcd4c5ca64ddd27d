// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// The probes of a container as they are asked on this machine.
package struct ContainerChecks: Sendable, Equatable {
    package var startup: Probe?
    package var readiness: Probe?
    package var liveness: Probe?

    /// - Parameters:
    ///   - container: one of a Pod spec's `containers`.
    ///   - port: where a container port is on this machine.
    ///   - words: a command of a probe as it runs here.
    package init(_ container: JSONValue, port: (Int) -> Int, words: ([String]) -> [String]) {
        func probe(_ name: String) -> Probe? {
            guard let spec = container[name], !spec.isNull,
                let action = Self.action(spec, container, port: port, words: words)
            else { return nil }
            var probe = Probe(action)
            probe.initialDelay = max(0, spec["initialDelaySeconds"]?.int ?? 0)
            probe.timeout = max(1, spec["timeoutSeconds"]?.int ?? 1)
            probe.period = max(1, spec["periodSeconds"]?.int ?? 10)
            probe.successThreshold = max(1, spec["successThreshold"]?.int ?? 1)
            probe.failureThreshold = max(1, spec["failureThreshold"]?.int ?? 3)
            return probe
        }
        startup = probe("startupProbe")
        readiness = probe("readinessProbe")
        liveness = probe("livenessProbe")
    }

    private static func action(
        _ spec: JSONValue, _ container: JSONValue, port: (Int) -> Int, words: ([String]) -> [String]
    ) -> Probe.Action? {
        func number(_ value: JSONValue?) -> Int? {
            let named = LocalWorkload.ports(of: container).first { !$0.name.isEmpty && $0.name == value?.string }
            return (value?.int ?? named?.number ?? value?.string.flatMap(Int.init)).map(port)
        }
        if let get = spec["httpGet"], let port = number(get["port"]) {
            return .httpGet(
                scheme: get["scheme"]?.string?.lowercased() ?? "http", host: get["host"]?.string ?? "127.0.0.1",
                port: port, path: get["path"]?.string ?? "/")
        }
        if let socket = spec["tcpSocket"], let port = number(socket["port"]) {
            return .tcpSocket(host: socket["host"]?.string ?? "127.0.0.1", port: port)
        }
        // What answers a call of gRPC at least accepts a connection.
        if let call = spec["grpc"], let port = number(call["port"]) { return .tcpSocket(host: "127.0.0.1", port: port) }
        if let command = spec.at("exec", "command")?.array?.compactMap(\.string), !command.isEmpty {
            return .exec(words(command))
        }
        return nil
    }
}
