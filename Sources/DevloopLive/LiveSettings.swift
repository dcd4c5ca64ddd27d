// SPDX-License-Identifier: Apache-2.0

/// What the command line says about spec and cluster.
package struct LiveSettings: Sendable {
    package enum Place: Sendable, Equatable {
        case cluster
        /// In the cluster, or on this machine where there is no kubeconfig context at all.
        case automatic
        /// On this machine, whatever the kubeconfig says.
        case here
        /// These resources on this machine, the rest in the cluster.
        case mixed([String])
    }

    /// `-f`; nil searches upwards from the working directory.
    package var file: String?
    /// Nil means the current context.
    package var context: String?
    /// Nil means the context's own namespace.
    package var namespace: String?
    /// What stood behind `--`.
    package var arguments: [String]
    /// Where the work runs.
    package var place = Place.cluster
    /// Take over what another session of the project holds: the namespace, and the agents of its Pods.
    package var force = false

    package init(file: String?, context: String?, namespace: String?, arguments: [String]) {
        self.file = file
        self.context = context
        self.namespace = namespace
        self.arguments = arguments
    }
}
