// SPDX-License-Identifier: Apache-2.0

/// A kind of object and where the API server keeps it.
package struct APIResource: Sendable, Hashable {
    /// `v1`, `apps/v1`.
    package var apiVersion: String
    package var kind: String
    /// The word in paths: `pods`.
    package var plural: String
    package var isNamespaced: Bool

    package init(apiVersion: String, kind: String, plural: String, isNamespaced: Bool = true) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// - Parameters:
    ///   - namespace: nil means all namespaces; ignored when the kind has none.
    ///   - name: nil means the collection.
    package func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var path = Self.root(apiVersion)
        if isNamespaced, let namespace { path += "/namespaces/\(URLText.encode(namespace))" }
        path += "/\(plural)"
        if let name { path += "/\(URLText.encode(name))" }
        if let subresource { path += "/\(subresource)" }
        return path
    }

    static func root(_ apiVersion: String) -> String {
        apiVersion.contains("/") ? "/apis/\(apiVersion)" : "/api/\(apiVersion)"
    }
}

extension APIResource {
    package static let pods = Self(apiVersion: "v1", kind: "Pod", plural: "pods")
    package static let services = Self(apiVersion: "v1", kind: "Service", plural: "services")
    package static let endpoints = Self(apiVersion: "v1", kind: "Endpoints", plural: "endpoints")
    package static let events = Self(apiVersion: "v1", kind: "Event", plural: "events")
    package static let configMaps = Self(apiVersion: "v1", kind: "ConfigMap", plural: "configmaps")
    package static let secrets = Self(apiVersion: "v1", kind: "Secret", plural: "secrets")
    package static let persistentVolumeClaims = Self(
        apiVersion: "v1", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims")
    package static let namespaces = Self(
        apiVersion: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)
    package static let nodes = Self(apiVersion: "v1", kind: "Node", plural: "nodes", isNamespaced: false)
    package static let deployments = Self(apiVersion: "apps/v1", kind: "Deployment", plural: "deployments")
    package static let replicaSets = Self(apiVersion: "apps/v1", kind: "ReplicaSet", plural: "replicasets")
    package static let statefulSets = Self(apiVersion: "apps/v1", kind: "StatefulSet", plural: "statefulsets")
    package static let daemonSets = Self(apiVersion: "apps/v1", kind: "DaemonSet", plural: "daemonsets")
    package static let jobs = Self(apiVersion: "batch/v1", kind: "Job", plural: "jobs")
}

/// Percent-encoding of path segments and query values.
enum URLText {
    static func encode(_ text: String) -> String {
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.append(byte)
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                output += "%\(digits.count == 1 ? "0" : "")\(digits)".utf8
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// `?a=b&c=d`, empty without parameters.
    static func query(_ parameters: [(String, String)]) -> String {
        guard !parameters.isEmpty else { return "" }
        return "?" + parameters.map { "\(encode($0))=\(encode($1))" }.joined(separator: "&")
    }
}
