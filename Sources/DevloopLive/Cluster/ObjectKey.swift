// SPDX-License-Identifier: Apache-2.0

import Plan

/// What makes an object the same one: group, kind, namespace and name; not the version.
struct ObjectKey: Hashable, Sendable {
    var group: String
    var kind: String
    var namespace: String
    var name: String

    init(_ object: ManifestObject, namespace: String) {
        let parts = object.apiVersion.split(separator: "/")
        group = parts.count > 1 ? String(parts[0]) : ""
        kind = object.kind
        self.namespace = object.namespace.isEmpty ? namespace : object.namespace
        name = object.name
    }
}
