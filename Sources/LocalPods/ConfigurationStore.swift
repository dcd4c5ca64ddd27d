// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// What ConfigMaps and Secrets hold, by namespace, kind and name.
package struct ConfigurationStore: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case configMap = "ConfigMap"
        case secret = "Secret"

        /// The word that the kubelet has for it in messages.
        var word: String { self == .configMap ? "configmap" : "secret" }
    }

    private struct Key: Hashable {
        var kind: Kind
        var namespace: String
        var name: String
    }

    private var contents: [Key: [String: [UInt8]]] = [:]

    package init() {}

    /// Takes in an object; others than ConfigMaps and Secrets are passed over.
    /// - Throws: `DevloopError` with code objectRefused for what the API server would refuse: a value that is no text, or
    ///   no base64.
    package mutating func add(_ object: ManifestObject, namespace: String) throws(DevloopError) {
        guard object.isConfiguration, let kind = Kind(rawValue: object.kind) else { return }
        var values: [String: [UInt8]] = [:]
        let encoded = kind == .secret ? ["data"] : ["binaryData"]
        let plain = kind == .secret ? ["stringData"] : ["data"]
        // Of a Secret the plain values win over the encoded ones.
        for field in encoded + plain {
            for (key, value) in object.json[field]?.object?.members ?? [] {
                guard let text = value.string else {
                    throw Self.refused(object, "\(field).\(key) is no text", hint: "quote the value")
                }
                if plain.contains(field) {
                    values[key] = Array(text.utf8)
                } else if let bytes = Base64.decode(text.filter { !$0.isWhitespace }) {
                    values[key] = bytes
                } else {
                    throw Self.refused(
                        object, "\(field).\(key) is not base64", hint: "plain text belongs in stringData")
                }
            }
        }
        contents[Key(kind: kind, namespace: namespace, name: object.name)] = values
    }

    /// Nil when there is no such object.
    package func values(_ kind: Kind, _ name: String, in namespace: String) -> [String: [UInt8]]? {
        contents[Key(kind: kind, namespace: namespace, name: name)]
    }

    private static func refused(_ object: ManifestObject, _ message: String, hint: String) -> DevloopError {
        DevloopError(
            .objectRefused, "\(object.kind) \(object.name): \(message)", at: object.location, hint: hint)
    }
}
