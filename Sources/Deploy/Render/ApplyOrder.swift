// SPDX-License-Identifier: Apache-2.0

package import Plan

/// The order in which kinds are applied, so that what others need exists first: namespaces, definitions, configuration,
/// storage, rights, services, workloads, the rest (design D13).
package enum ApplyOrder {
    private static let ranks: [String: Int] = [
        "Namespace": 0,
        "CustomResourceDefinition": 1,
        "PriorityClass": 2, "ResourceQuota": 2, "LimitRange": 2,
        "ServiceAccount": 3, "Secret": 3, "ConfigMap": 3,
        "StorageClass": 4, "PersistentVolume": 4, "PersistentVolumeClaim": 4,
        "ClusterRole": 5, "Role": 5,
        "ClusterRoleBinding": 6, "RoleBinding": 6,
        "Service": 7, "NetworkPolicy": 7,
        "Pod": 8, "ReplicationController": 8, "ReplicaSet": 8, "Deployment": 8, "StatefulSet": 8, "DaemonSet": 8,
        "Job": 8, "CronJob": 8,
    ]

    /// Groups to apply one after another; objects of one group may go in parallel. Stable within a group.
    package static func groups(_ objects: [ManifestObject]) -> [[ManifestObject]] {
        let byRank = Dictionary(grouping: objects) { ranks[$0.kind] ?? 9 }
        return byRank.keys.sorted().compactMap { byRank[$0] }
    }
}
