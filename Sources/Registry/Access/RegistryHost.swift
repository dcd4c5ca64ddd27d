// SPDX-License-Identifier: Apache-2.0

/// A registry by the name that references have for it.
package struct RegistryHost: Sendable, Hashable {
    /// `host` or `host:port`, as it stands in references; `docker.io` for Docker Hub.
    package let name: String

    package init(_ name: String) { self.name = name }

    /// Scheme, host and port that are spoken to.
    package var address: String {
        // Docker Hub's API has another name than its references.
        if name == "docker.io" { return "https://registry-1.docker.io" }
        return "\(isLoopback ? "http" : "https")://\(name)"
    }

    /// Registries on this machine have no certificate; anything else must have one.
    package var isLoopback: Bool {
        let host = name.split(separator: ":").first.map(String.init) ?? name
        return host == "localhost" || host.hasPrefix("127.") || name.hasPrefix("[::1]")
    }

    /// The name under which Docker keeps the credentials.
    package var credentialKey: String { name == "docker.io" ? "https://index.docker.io/v1/" : name }

    /// What a person has to type to be let in.
    var loginCommand: String { name == "docker.io" ? "docker login" : "docker login \(name)" }
}
