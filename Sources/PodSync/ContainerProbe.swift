// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import SyncProtocol

/// The readiness check of a container spec, as the agent makes it.
package struct ContainerProbe: Sendable, Equatable {
    package var probe: ReadinessProbe
    /// Arguments for `devloop-agent run`, before `--`.
    package var arguments: [String]
    /// What the agent cannot do exactly as the kubelet does; nil when there is nothing.
    package var note: String?

    /// Reads `readinessProbe` of one element of a Pod spec's `containers`; nil when it has none.
    /// - Throws: `objectRefused` when a named port is not among the container's ports, or the check makes no sense.
    package init?(container: JSONValue) throws {
        guard let spec = container["readinessProbe"], !spec.isNull else { return nil }
        let seconds = max(1, min(spec["timeoutSeconds"]?.int ?? 1, 3_600))
        let kind: ReadinessProbe.Kind
        if let get = spec["httpGet"] {
            let port = try Self.port(get["port"], container)
            if get["scheme"]?.string == "HTTPS" {
                kind = .tcp(port: port)
                note = "readiness over HTTPS is seen as an accepted connection"
            } else {
                let path = get["path"]?.string ?? "/"
                kind = .http(port: port, path: Array(try Self.line(path).utf8), headers: try Self.headers(get))
            }
        } else if let socket = spec["tcpSocket"] {
            kind = .tcp(port: try Self.port(socket["port"], container))
        } else if let grpc = spec["grpc"] {
            kind = .tcp(port: try Self.port(grpc["port"], container))
            note = "readiness over gRPC is seen as an accepted connection"
        } else if let words = spec["exec"]?["command"]?.array?.compactMap({ $0.string }), !words.isEmpty {
            kind = .exec(words.map { Array($0.utf8) })
        } else {
            throw DevloopError(.objectRefused, "readinessProbe of \(Self.name(container)) has no check")
        }
        probe = ReadinessProbe(kind, timeoutMilliseconds: UInt32(seconds * 1_000))
        arguments = Self.arguments(kind, seconds: seconds)
    }

    private static func port(_ value: JSONValue?, _ container: JSONValue) throws -> UInt16 {
        let ports = container["ports"]?.array ?? []
        var number = value?.int
        if let name = value?.string {
            let named = ports.first { $0["name"]?.string == name }
            number = named?["containerPort"]?.int ?? Int(name)
        }
        guard let port = number.flatMap({ UInt16(exactly: $0) }), port > 0 else {
            let text = value?.string ?? value?.int.map(String.init) ?? "none"
            throw DevloopError(
                .objectRefused, "readinessProbe of \(name(container)) uses port \"\(text)\", which the container lacks",
                hint: "name the port in the container's ports, or use its number")
        }
        return port
    }

    private static func headers(_ get: JSONValue) throws -> [[UInt8]] {
        try (get["httpHeaders"]?.array ?? []).map { header in
            let name = header["name"]?.string ?? ""
            return Array(try line("\(name): \(header["value"]?.string ?? "")").utf8)
        }
    }

    /// Text that becomes a part of an HTTP head must be one line.
    private static func line(_ text: String) throws -> String {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw DevloopError(.objectRefused, "a readinessProbe's path or header contains a control character")
        }
        return text
    }

    private static func name(_ container: JSONValue) -> String {
        "container \"\(container["name"]?.string ?? "?")\""
    }

    private static func arguments(_ kind: ReadinessProbe.Kind, seconds: Int) -> [String] {
        var arguments = ["--probe"]
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        switch kind {
        case .http(let port, let path, let headers):
            arguments.append("http:\(port):\(text(path))")
            for header in headers { arguments += ["--probe-header", text(header)] }
        case .tcp(let port): arguments.append("tcp:\(port)")
        case .exec(let words):
            arguments.append("exec:\(words.first.map(text) ?? "")")
            for word in words.dropFirst() { arguments += ["--probe-argument", text(word)] }
        }
        if seconds != 1 { arguments += ["--probe-timeout", String(seconds)] }
        return arguments
    }
}
