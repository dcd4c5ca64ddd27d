// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import HTTPTransport
import ImagePack
import ProcessRunner
import Synchronization

/// One client for each registry, made when it is first needed.
package final class RegistryClients: Sendable {
    private let credentials: DockerCredentials
    private let retry: RetryRule
    private let clients = Mutex<[RegistryHost: RegistryClient]>([:])

    package init(credentials: DockerCredentials = .ofUser, retry: RetryRule = RetryRule()) {
        self.credentials = credentials
        self.retry = retry
    }

    package subscript(host: RegistryHost) -> RegistryClient {
        get throws {
            try clients.withLock { clients in
                if let known = clients[host] { return known }
                let client = RegistryClient(
                    host: host, http: try Self.transport(for: host), credentials: credentials, retry: retry)
                clients[host] = client
                return client
            }
        }
    }

    /// - Parameter host: `host[:port][/path]`.
    package static func transport(for host: String) throws -> HTTPClient {
        try transport(for: RegistryHost(host.split(separator: "/").first.map(String.init) ?? host))
    }

    /// A transport that trusts what Docker trusts for this registry: `certs.d/<host>/ca.crt` in `/etc/docker`, or in
    /// `~/.config/docker` for Docker without root, else the authorities of the system; through the proxy of the
    /// environment.
    package static func transport(for host: RegistryHost) throws -> HTTPClient {
        let proxy = RegistryProxy.choose(host, ProcessEnvironment.current)
        let home = ProcessEnvironment.value("HOME").map { ["\($0)/.config/docker/certs.d"] } ?? []
        for folder in home + ["/etc/docker/certs.d"] {
            let path = "\(folder)/\(host.name)/ca.crt"
            if (try? SmallFile.read(path)) != nil {
                return try HTTPClient(tls: TLSSettings(certificateAuthority: .file(path)), proxy: proxy)
            }
        }
        return try HTTPClient(proxy: proxy)
    }
}
