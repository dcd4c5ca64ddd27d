// SPDX-License-Identifier: Apache-2.0

/// Whom to trust and who we are; the same for all requests of one ``HTTPClient``.
package struct TLSSettings: Sendable, Equatable {
    /// PEM text, from memory or from a file that is read at each new connection.
    package enum PEM: Sendable, Equatable {
        case bytes([UInt8])
        case file(String)
    }

    /// Certificate authorities to trust in place of the system's; nil keeps the system's.
    package var certificateAuthority: PEM?
    package var clientCertificate: PEM?
    package var clientKey: PEM?
    /// Accepts any certificate: the user has said so in the kubeconfig.
    package var insecureSkipVerify = false
    /// Name that the certificate must carry in place of the host in the address.
    package var serverName: String?

    package init(
        certificateAuthority: PEM? = nil,
        clientCertificate: PEM? = nil,
        clientKey: PEM? = nil,
        insecureSkipVerify: Bool = false,
        serverName: String? = nil
    ) {
        self.certificateAuthority = certificateAuthority
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.insecureSkipVerify = insecureSkipVerify
        self.serverName = serverName
    }
}
