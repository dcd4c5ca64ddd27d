// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import HTTPTransport

/// What one or several kubeconfig files say, merged: clusters, users, contexts, and which context is current.
package struct KubeConfig: Sendable {
    package struct Cluster: Sendable, Equatable {
        package var name: String
        /// Address of the API server without a slash at its end.
        package var server: String
        package var certificateAuthority: TLSSettings.PEM?
        package var insecureSkipTLSVerify = false
        package var tlsServerName: String?
        package var proxyURL: String?
        /// `provider` of each extension; Minikube writes `minikube.sigs.k8s.io`.
        package var providers: [String] = []
        package var location: SourceLocation
    }

    package struct User: Sendable, Equatable {
        package var name: String
        package var token: String?
        package var tokenFile: String?
        package var clientCertificate: TLSSettings.PEM?
        package var clientKey: TLSSettings.PEM?
        package var username: String?
        package var password: String?
        package var exec: ExecPlugin?
        /// Name of a legacy `auth-provider`, which nothing supports any more.
        package var authProvider: String?
        package var location: SourceLocation
    }

    package struct Context: Sendable, Equatable {
        package var name: String
        package var cluster: String
        package var user: String
        package var namespace: String?
        package var providers: [String] = []
        package var location: SourceLocation
    }

    /// A program that prints credentials (`client.authentication.k8s.io`).
    package struct ExecPlugin: Sendable, Equatable {
        package var apiVersion: String
        package var command: String
        package var arguments: [String] = []
        package var environment: [String: String] = [:]
        package var installHint: String?
        package var provideClusterInfo = false
        /// It cannot work without a terminal (`interactiveMode: Always`).
        package var needsTerminal = false
        package var location: SourceLocation
    }

    /// In the order of the files; names are unique.
    package internal(set) var clusters: [Cluster] = []
    package internal(set) var users: [User] = []
    package internal(set) var contexts: [Context] = []
    package internal(set) var currentContext: String?
    /// The files that were read, absolute; a session watches them.
    package internal(set) var files: [String] = []

    package init() {}

    /// Adds another file's content; what is already there wins, as kubectl merges.
    package mutating func merge(_ other: KubeConfig) {
        for cluster in other.clusters where !clusters.contains(where: { $0.name == cluster.name }) {
            clusters.append(cluster)
        }
        for user in other.users where !users.contains(where: { $0.name == user.name }) { users.append(user) }
        for context in other.contexts where !contexts.contains(where: { $0.name == context.name }) {
            contexts.append(context)
        }
        currentContext = currentContext ?? other.currentContext
        files += other.files
    }
}

extension KubeConfig {
    /// A context with everything it names.
    package struct Selection: Sendable, Equatable {
        package var context: Context
        package var cluster: Cluster
        package var user: User
    }

    /// Looks up a context, the current one when `name` is nil.
    /// - Throws: `DevloopError` (`kubeconfig`) with the place of the context when what it names is missing.
    package func select(_ name: String? = nil) throws -> Selection {
        let file = files.first
        guard let wanted = name ?? currentContext else {
            throw DevloopError(
                .kubeconfig, "no current context", at: file.map { SourceLocation(file: $0) },
                hint: contexts.isEmpty
                    ? "start a local cluster, or set KUBECONFIG"
                    : "choose one with --context or 'kubectl config use-context': \(names(contexts.map(\.name)))")
        }
        guard let context = contexts.first(where: { $0.name == wanted }) else {
            throw DevloopError(
                .kubeconfig, "no context '\(wanted)'", at: file.map { SourceLocation(file: $0) },
                hint: contexts.isEmpty ? "the kubeconfig has no contexts" : "known: \(names(contexts.map(\.name)))")
        }
        guard let cluster = clusters.first(where: { $0.name == context.cluster }) else {
            throw DevloopError(
                .kubeconfig, "context '\(wanted)' names cluster '\(context.cluster)', which is missing",
                at: context.location, hint: "known: \(names(clusters.map(\.name)))")
        }
        if context.user.isEmpty {
            return Selection(
                context: context, cluster: cluster, user: User(name: "", location: context.location))
        }
        guard let user = users.first(where: { $0.name == context.user }) else {
            throw DevloopError(
                .kubeconfig, "context '\(wanted)' names user '\(context.user)', which is missing",
                at: context.location, hint: "known: \(names(users.map(\.name)))")
        }
        return Selection(context: context, cluster: cluster, user: user)
    }

    private func names(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
}
