// SPDX-License-Identifier: Apache-2.0

/// Why a node could not pull an image, told from what its runtime says: containerd, Docker or cri-o.
enum PullFailure: Equatable {
    /// The registry has no repository of this name, or hides it.
    case name
    /// The repository has no such tag or digest.
    case tag
    case rights
    case network
    /// Not told.
    case other

    /// - Parameter message: the runtime's words.
    init(_ message: String) {
        let text = message.lowercased()
        func has(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        // Docker's "pull access denied ... repository does not exist or may require 'docker login'" leaves it open.
        if has("repository does not exist", "name unknown", "name_unknown", "repository name not known") {
            self = .name
        } else if has(
            "401 unauthorized", "403 forbidden", "unauthorized", "authorization failed", "no basic auth credentials",
            "pull access denied", "authentication required", "denied: requested access", "insufficient_scope",
            "failed to fetch anonymous token")
        {
            self = .rights
        } else if has(
            "connection refused", "no such host", "i/o timeout", "timeout", "network is unreachable",
            "no route to host",
            "connection reset", "x509:", "tls:", "server gave http response", "temporary failure in name resolution",
            "unexpected eof", "dial tcp")
        {
            self = .network
        } else if has("not found", "manifest unknown", "manifest_unknown", "does not exist") {
            self = .tag
        } else {
            self = .other
        }
    }

    /// What to say to the user; nil where nothing is known.
    var words: (message: String, hint: String)? {
        switch self {
        case .name:
            ("the registry knows no such name", "check the name, and whether a private one needs imagePullSecrets")
        case .tag: ("the registry has no such name or tag", "check name and tag; was it pushed?")
        case .rights:
            (
                "the registry does not let the node have it",
                "check the name; a private image needs imagePullSecrets with the right login"
            )
        case .network:
            ("the node cannot reach the registry", "the node needs the network, a DNS name and the right certificates")
        case .other: nil
        }
    }
}
