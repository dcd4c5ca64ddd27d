// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan
import YAMLTree

/// Kubernetes objects out of YAML text.
package enum Manifest {
    /// Objects in their order; empty documents are skipped, lists taken apart.
    /// - Parameter file: name for places.
    /// - Throws: code `.yaml`, with the place in the text: syntax, a document that is no object.
    package static func objects(_ bytes: [UInt8], file: String) throws(DevloopError) -> [ManifestObject] {
        var objects: [ManifestObject] = []
        for document in try YAML.parse(bytes, file: file) {
            if document.root.scalar != nil, try document.root.json.isNull { continue }
            try add(document.root, to: &objects)
        }
        return objects
    }

    private static func add(_ node: YAMLNode, to objects: inout [ManifestObject]) throws(DevloopError) {
        guard node.mapping != nil else {
            throw DevloopError(
                .yaml, "a manifest must be a mapping with apiVersion, kind and metadata", at: node.location,
                hint: "take files that are no manifests out of the k8s_yaml() call")
        }
        let kind = try text(node["kind"], "kind", of: node)
        _ = try text(node["apiVersion"], "apiVersion", of: node)
        if kind.hasSuffix("List"), let items = node["items"]?.sequence {
            for item in items { try add(item, to: &objects) }
            return
        }
        _ = try text(node["metadata"]?["name"], "metadata.name", of: node)
        objects.append(ManifestObject(try node.json, at: node.location))
    }

    private static func text(
        _ value: YAMLNode?, _ name: String, of node: YAMLNode
    ) throws(DevloopError) -> String {
        guard let value else { throw DevloopError(.yaml, "the object has no \(name)", at: node.location) }
        guard let text = try value.json.string, !text.isEmpty else {
            throw DevloopError(
                .yaml, "\(name) must be a string", at: value.location,
                hint: value.scalar.map { "quote it: \"\($0.text)\"" })
        }
        return text
    }
}
