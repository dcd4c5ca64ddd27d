// SPDX-License-Identifier: Apache-2.0

/// `sync_resource(name, workload='', selector={}, ...)`: Pods of a workload that somebody else has deployed. It is looked
/// at and synced to, and neither applied nor deleted.
package struct SyncTarget: Sendable, Equatable {
    /// A workload whose Pods are meant.
    package struct Workload: Sendable, Equatable {
        package var kind: String
        package var name: String

        package init(kind: String, name: String) {
            self.kind = kind
            self.name = name
        }

        /// - Parameter text: `deployment/web`; nil for anything else.
        package init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty, let kind = Self.kinds[parts[0].lowercased()] else { return nil }
            self.init(kind: kind, name: String(parts[1]))
        }

        /// `deployment/web`.
        package var shortName: String { "\(kind.lowercased())/\(name)" }

        private static let kinds = [
            "deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet",
            "replicaset": "ReplicaSet",
        ]
    }

    package var workload: Workload?
    /// Labels that its Pods have, beside those that the workload selects by.
    package var selector: [String: String]
    /// Empty for the session's.
    package var namespace: String

    package init(workload: Workload? = nil, selector: [String: String] = [:], namespace: String = "") {
        self.workload = workload
        self.selector = selector
        self.namespace = namespace
    }
}
