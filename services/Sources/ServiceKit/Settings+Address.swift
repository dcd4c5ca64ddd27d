// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

extension Settings {
    /// Where this service listens: `LISTEN_HOST`, every address unless set, and `PORT`.
    package func listener(port: Int) throws(DomainError) -> (host: String, port: Int) {
        (self["LISTEN_HOST"] ?? "0.0.0.0", try self.port("PORT", default: port))
    }

    /// Another service's address by the variables that Kubernetes gives each Pod for a Service, e.g.
    /// `SOCIAL_GRAPH_MANAGER_SERVICE_HOST` and `…_PORT`. A Pod that is older than the Service has none: then
    /// `SOCIAL_GRAPH_MANAGER_FALLBACK_HOST`, a DNS name that is looked up at each call; without that, this machine.
    package func service(_ prefix: String, port: Int) throws(DomainError) -> (host: String, port: Int) {
        let host = self["\(prefix)_SERVICE_HOST"] ?? self["\(prefix)_FALLBACK_HOST"] ?? "localhost"
        return (host, try self.port("\(prefix)_SERVICE_PORT", default: port))
    }
}
