// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// What a person and the spec need to know about the context in use.
package struct ContextInfo: Sendable, Equatable {
    package var name: String
    package var cluster: String
    package var server: String
    /// The context's own namespace, `default` when it names none.
    package var namespace: String
    /// Allowed without `allow_k8s_contexts`.
    package var isLocal: Bool
    /// Why it is local, or why not; a sentence fragment for the screen and for errors.
    package var localReason: String
    /// Which of the local clusters it is; nil when it is none.
    package var kind: ContextKind?

    package init(
        name: String, cluster: String, server: String, namespace: String, isLocal: Bool, localReason: String,
        kind: ContextKind? = nil
    ) {
        self.name = name
        self.cluster = cluster
        self.server = server
        self.namespace = namespace
        self.isLocal = isLocal
        self.localReason = localReason
        self.kind = kind
    }
}

extension KubeConfig.Selection {
    /// - Parameter nodeLabels: Keys of node labels, where the nodes could be asked.
    package func info(nodeLabels: Set<String> = []) -> ContextInfo {
        var authorityPath: String?
        if case .file(let path)? = cluster.certificateAuthority { authorityPath = path }
        let verdict = ContextKind.classify(
            context: context.name, cluster: cluster.name, server: cluster.server,
            certificateAuthorityPath: authorityPath, providers: context.providers + cluster.providers,
            nodeLabels: nodeLabels)
        return ContextInfo(
            name: context.name, cluster: cluster.name, server: cluster.server,
            namespace: context.namespace ?? "default", isLocal: verdict.kind != nil, localReason: verdict.reason,
            kind: verdict.kind)
    }
}
