// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// What a kubeconfig entry tells of the Minikube that wrote it, without asking any program.
package struct MinikubeTraces: Sendable, Equatable {
    /// Minikube's name for the cluster.
    package var profile: String
    /// The folder that holds `profiles/` and `machines/`; nil when the entry names no file of it, as with
    /// `minikube start --embed-certs`.
    package var home: String?

    package init(profile: String, home: String?) {
        self.profile = profile
        self.home = home
    }

    /// Minikube names the cluster like the profile, and keeps a profile's client certificate in
    /// `<home>/profiles/<profile>/client.crt`, the authority's in `<home>/ca.crt`.
    static func find(cluster: String, clientCertificate: String?, authority: String?) -> MinikubeTraces {
        let parts = (clientCertificate ?? "").split(separator: "/", omittingEmptySubsequences: false)
        if parts.count >= 4, parts.last == "client.crt", parts[parts.count - 3] == "profiles" {
            return MinikubeTraces(
                profile: String(parts[parts.count - 2]), home: parts.dropLast(3).joined(separator: "/"))
        }
        let folder = (authority ?? "").split(separator: "/", omittingEmptySubsequences: false)
        let isAuthority = folder.last == "ca.crt" && folder.count > 2
        return MinikubeTraces(profile: cluster, home: isAuthority ? folder.dropLast().joined(separator: "/") : nil)
    }
}

extension KubeConfig.Selection {
    package var minikubeTraces: MinikubeTraces {
        MinikubeTraces.find(
            cluster: cluster.name, clientCertificate: user.clientCertificate?.file,
            authority: cluster.certificateAuthority?.file)
    }
}

extension TLSSettings.PEM {
    var file: String? { if case .file(let path) = self { path } else { nil } }
}
