// SPDX-License-Identifier: Apache-2.0

extension ManifestObject {
    /// Groups with a dot that are Kubernetes' own.
    private static let builtInGroups: Set<String> = [
        "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "authentication.k8s.io",
        "authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
        "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io",
        "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
        "storagemigration.k8s.io",
    ]

    /// Whether a definition in the cluster has brought the kind: such groups have a dot.
    package static func isCustom(apiVersion: String) -> Bool {
        guard let slash = apiVersion.firstIndex(of: "/") else { return false }
        let group = String(apiVersion[..<slash])
        return group.contains(".") && !builtInGroups.contains(group)
    }

    package var isCustom: Bool { Self.isCustom(apiVersion: apiVersion) }
}
