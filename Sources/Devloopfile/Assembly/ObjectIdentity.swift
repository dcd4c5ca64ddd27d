// SPDX-License-Identifier: Apache-2.0

import Plan

/// What tells one Kubernetes object from another, and the names that a spec can give it.
struct ObjectIdentity: Hashable {
    var name: String
    var kind: String
    /// `default` when the manifest names none, as in Tilt.
    var namespace: String
    /// `core` for the group without a name.
    var group: String

    init(_ object: ManifestObject) {
        name = object.name
        kind = object.kind
        namespace = object.namespace.isEmpty ? "default" : object.namespace
        let version = object.apiVersion
        group = version.split(separator: "/", maxSplits: 1).count == 2 ? String(version.prefix { $0 != "/" }) : "core"
    }

    /// From the shortest to the full one, lower case: `name`, `name:kind`, `name:kind:namespace`, and with the group. A
    /// colon within a part (RBAC names have them) is written `\:`.
    var fragments: [String] {
        let parts = [name, kind, namespace, group].map {
            $0.lowercased().split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:")
        }
        return (1...4).map { parts.prefix($0).joined(separator: ":") }
    }

    /// `name:kind:namespace`, for messages.
    var fullName: String { fragments[2] }

    /// The shortest fragment of each object that no other object has; equal objects are told apart by their place.
    static func uniqueNames(_ identities: [ObjectIdentity]) -> [String] {
        let fragments = identities.map(\.fragments)
        var counts: [String: Int] = [:]
        for fragment in fragments.joined() { counts[fragment, default: 0] += 1 }
        return fragments.enumerated().map { index, candidates in
            candidates.first { counts[$0] == 1 } ?? "\(candidates[3]):\(index)"
        }
    }
}
