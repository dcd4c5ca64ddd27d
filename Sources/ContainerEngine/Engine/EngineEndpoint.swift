// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import HTTPTransport

/// Where a Docker Engine listens, found as Docker's own client finds it.
package struct EngineEndpoint: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        /// Path of the socket.
        case unix(String)
        /// `host:port`.
        case tcp(String)
        case tls(String)
    }

    package var address: Address
    package var tls: TLSSettings
    /// What said so, for messages: `DOCKER_HOST`.
    package var source: String

    /// The variables that lead other programs to the same engine; empty when they find it by themselves.
    package var variables: [String: String] = [:]

    package init(_ address: Address, tls: TLSSettings = TLSSettings(), source: String) {
        self.address = address
        self.tls = tls
        self.source = source
    }

    /// `unix:///var/run/docker.sock`, `tcp://192.168.49.2:2376`.
    package var url: String {
        switch address {
        case .unix(let path): "unix://\(path)"
        case .tcp(let host), .tls(let host): "tcp://\(host)"
        }
    }

    /// Before the path of a request.
    var base: String {
        switch address {
        case .unix: "http://localhost"
        case .tcp(let host): "http://\(host)"
        case .tls(let host): "https://\(host)"
        }
    }

    var socket: String? { if case .unix(let path) = address { path } else { nil } }

    /// By `DOCKER_HOST` with `DOCKER_TLS_VERIFY`, `DOCKER_TLS` and `DOCKER_CERT_PATH`, else by `DOCKER_CONTEXT` or the
    /// current context of `~/.docker/config.json`, else the socket of this machine.
    /// - Parameter environment: devloop's own, or the variables that `minikube docker-env -o json` prints.
    /// - Throws: `DevloopError` with code image for an address that cannot be used, or a context that is not there.
    package static func resolve(_ environment: [String: String]) throws(DevloopError) -> EngineEndpoint {
        let folder = DockerFolder(environment)
        if let host = environment["DOCKER_HOST"], !host.isEmpty {
            let verifies = environment["DOCKER_TLS_VERIFY"].map { !$0.isEmpty } ?? false
            let usesTLS = verifies || environment["DOCKER_TLS"].map { !$0.isEmpty } ?? false
            let certificates = environment["DOCKER_CERT_PATH"].flatMap { $0.isEmpty ? nil : $0 } ?? folder.path
            let tls = usesTLS ? certificates.map { Self.tls(in: $0, verifies: verifies) } ?? TLSSettings() : nil
            var endpoint = try parse(host, tls: tls, source: "DOCKER_HOST")
            endpoint.variables = environment.filter {
                ["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH"].contains($0.key)
            }
            return endpoint
        }
        let name = environment["DOCKER_CONTEXT"].flatMap { $0.isEmpty ? nil : $0 } ?? folder.currentContext
        if let name, name != "default" {
            let context = try folder.context(name)
            return try parse(context.host, tls: context.tls, source: "the docker context '\(name)'")
        }
        return EngineEndpoint(.unix("/var/run/docker.sock"), source: "the socket of this machine")
    }

    static func parse(_ host: String, tls: TLSSettings?, source: String) throws(DevloopError) -> EngineEndpoint {
        guard let mark = host.firstRange(of: "://") else {
            throw DevloopError(
                .image, "\(source) is '\(host)', which is no address",
                hint: "write it as unix:///path or tcp://host:port")
        }
        let rest = String(host[mark.upperBound...])
        switch host[..<mark.lowerBound] {
        case "unix" where rest.hasPrefix("/"): return EngineEndpoint(.unix(rest), source: source)
        case "tcp", "http", "https":
            let authority = String(rest.prefix { $0 != "/" })
            guard !authority.isEmpty else { break }
            let isSecure = tls != nil || host.hasPrefix("https")
            let hasPort = authority.last != "]" && authority.split(separator: "]").last?.contains(":") == true
            // The ports that Docker has registered.
            let full = hasPort ? authority : "\(authority):\(isSecure ? 2376 : 2375)"
            return EngineEndpoint(isSecure ? .tls(full) : .tcp(full), tls: tls ?? TLSSettings(), source: source)
        case "ssh":
            throw DevloopError(
                .image, "\(source) is '\(host)': an engine over ssh is not supported",
                hint: "forward its socket: ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST, and "
                    + "DOCKER_HOST=unix:///tmp/docker.sock")
        default: break
        }
        throw DevloopError(
            .image, "\(source) is '\(host)', which devloop cannot connect to",
            hint: "it takes unix:///path and tcp://host:port")
    }

    /// Certificates by the names that Docker gives them.
    static func tls(in folder: String, verifies: Bool) -> TLSSettings {
        TLSSettings(
            certificateAuthority: verifies ? .file("\(folder)/ca.pem") : nil,
            clientCertificate: DockerFolder.exists("\(folder)/cert.pem") ? .file("\(folder)/cert.pem") : nil,
            clientKey: DockerFolder.exists("\(folder)/key.pem") ? .file("\(folder)/key.pem") : nil,
            insecureSkipVerify: !verifies)
    }
}
