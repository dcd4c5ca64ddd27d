// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

extension KubeConfig {
    /// The files to read: those of `KUBECONFIG` (separated by colons), else `~/.kube/config`.
    package static func paths(environment: [String: String]) -> [String] {
        let listed = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !listed.isEmpty { return listed }
        return (environment["HOME"]).map { ["\($0)/.kube/config"] } ?? []
    }

    /// What the user's files say; where there are none, the service account of the Pod that devloop runs in.
    /// - Throws: `DevloopError` (`kubeconfig`) with file and line.
    package static func load(environment: [String: String]) throws -> KubeConfig {
        let listed = paths(environment: environment)
        if !listed.contains(where: { FileText.exists($0) }), let own = inCluster(environment: environment) {
            return own
        }
        return try load(listed)
    }

    /// Reads and merges files; a missing file counts only when all are missing, as with kubectl.
    /// - Throws: `DevloopError` (`kubeconfig`) with file and line.
    package static func load(_ paths: [String]) throws -> KubeConfig {
        var merged = KubeConfig()
        for path in paths {
            let path = FileText.absolute(path)
            do {
                merged.merge(try KubeConfig(parsing: try FileText.read(path), file: path))
            } catch let error as FileText.Failure {
                if error.isMissing { continue }
                throw DevloopError(.kubeconfig, "cannot be read: \(error.text)", at: SourceLocation(file: path))
            }
        }
        guard !merged.files.isEmpty else {
            throw DevloopError(
                .kubeconfig,
                paths.isEmpty ? "no kubeconfig: neither KUBECONFIG nor HOME is set" : "no kubeconfig: no such file",
                at: paths.first.map { SourceLocation(file: $0) },
                hint: "start a local cluster, or point KUBECONFIG at its file")
        }
        return merged
    }
}

extension KubeConfig.Selection {
    /// TLS for connections to the API server.
    /// - Throws: `DevloopError` (`kubeconfig`) when a named file cannot be read.
    func tlsSettings() throws -> TLSSettings {
        for (pem, key, place) in [
            (cluster.certificateAuthority, "certificate-authority", cluster.location),
            (user.clientCertificate, "client-certificate", user.location),
            (user.clientKey, "client-key", user.location),
        ] {
            guard case .file(let path) = pem else { continue }
            do {
                _ = try FileText.read(path)
            } catch {
                throw DevloopError(.kubeconfig, "\(key): \(path): \(error.text)", at: place)
            }
        }
        if user.clientCertificate != nil, user.clientKey == nil {
            throw DevloopError(
                .kubeconfig, "user '\(user.name)' has a client-certificate but no client-key", at: user.location)
        }
        return TLSSettings(
            certificateAuthority: cluster.certificateAuthority, clientCertificate: user.clientCertificate,
            clientKey: user.clientKey, insecureSkipVerify: cluster.insecureSkipTLSVerify,
            serverName: cluster.tlsServerName)
    }
}
