// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// The environment of a container, by Kubernetes' rules: Services first, then `envFrom`, then `env`; later ones win.
package struct ContainerVariables: Sendable {
    /// What the Pod is, for `fieldRef`.
    package struct Pod: Sendable {
        package var name: String
        package var namespace: String
        package var uid: String
        package var labels: [String: String]
        package var annotations: [String: String]
        package var serviceAccount: String
        /// Name of this machine.
        package var node: String

        package init(
            name: String, namespace: String, uid: String, labels: [String: String], annotations: [String: String],
            serviceAccount: String, node: String
        ) {
            self.name = name
            self.namespace = namespace
            self.uid = uid
            self.labels = labels
            self.annotations = annotations
            self.serviceAccount = serviceAccount
            self.node = node
        }

        /// The value of a `fieldPath`; nil when there is none of that name. Every Pod has this machine's own address.
        package func field(_ path: String) -> String? {
            switch path {
            case "metadata.name": return name
            case "metadata.namespace": return namespace
            case "metadata.uid": return uid
            case "spec.nodeName": return node
            case "spec.serviceAccountName": return serviceAccount
            case "status.hostIP", "status.podIP", "status.hostIPs", "status.podIPs": return "127.0.0.1"
            case "metadata.labels": return Self.list(labels)
            case "metadata.annotations": return Self.list(annotations)
            default: break
            }
            for (prefix, values) in [("metadata.labels['", labels), ("metadata.annotations['", annotations)] {
                if path.hasPrefix(prefix), path.hasSuffix("']") {
                    return values[String(path.dropFirst(prefix.count).dropLast(2))] ?? ""
                }
            }
            return nil
        }

        /// As the downward API writes it into a file.
        private static func list(_ values: [String: String]) -> String {
            values.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: "\n")
        }
    }

    /// The container's own, without those of Services.
    package private(set) var own: [String: String] = [:]
    /// All of them.
    package private(set) var all: [String: String]
    /// Why the container cannot be configured, in the kubelet's words; nil when it can.
    package private(set) var problem: String?

    private let store: ConfigurationStore
    private let pod: Pod
    private let resource: @Sendable (JSONValue) -> String?

    /// - Parameters:
    ///   - container: one of a Pod spec's `containers`.
    ///   - base: what is there before: the image's variables, and those of Services.
    ///   - resource: the value of a `resourceFieldRef`; nil when there is none.
    package init(
        _ container: JSONValue, base: [String: String], store: ConfigurationStore, pod: Pod,
        resource: @escaping @Sendable (JSONValue) -> String?
    ) {
        all = base
        self.store = store
        self.pod = pod
        self.resource = resource
        for source in container["envFrom"]?.array ?? [] where problem == nil { take(source) }
        for variable in container["env"]?.array ?? [] where problem == nil { take(variable: variable) }
    }

    private mutating func set(_ name: String, _ value: String) {
        own[name] = value
        all[name] = value
    }

    private mutating func take(_ source: JSONValue) {
        let prefix = source["prefix"]?.string ?? ""
        for (field, kind) in [("configMapRef", ConfigurationStore.Kind.configMap), ("secretRef", .secret)] {
            guard let reference = source[field] else { continue }
            let name = reference["name"]?.string ?? ""
            guard let values = store.values(kind, name, in: pod.namespace) else {
                if reference["optional"]?.bool != true { problem = Self.missing(kind, name) }
                continue
            }
            for (key, value) in values where !key.contains("=") {
                set(prefix + key, String(decoding: value, as: UTF8.self))
            }
        }
    }

    private mutating func take(variable: JSONValue) {
        guard let name = variable["name"]?.string else { return }
        guard let source = variable["valueFrom"], !source.isNull else {
            return set(name, Self.expanded(variable["value"]?.string ?? "", all))
        }
        for (field, kind) in [("configMapKeyRef", ConfigurationStore.Kind.configMap), ("secretKeyRef", .secret)] {
            guard let reference = source[field] else { continue }
            let object = reference["name"]?.string ?? ""
            let key = reference["key"]?.string ?? ""
            let values = store.values(kind, object, in: pod.namespace)
            if let value = values?[key] {
                set(name, String(decoding: value, as: UTF8.self))
            } else if reference["optional"]?.bool != true {
                problem =
                    values == nil
                    ? Self.missing(kind, object)
                    : "couldn't find key \(key) in \(kind.rawValue) \(pod.namespace)/\(object)"
            }
            return
        }
        if let path = source.at("fieldRef", "fieldPath")?.string {
            guard let value = pod.field(path) else { return problem = "unsupported fieldPath: \(path)" }
            set(name, value)
        } else if let reference = source["resourceFieldRef"] {
            guard let value = resource(reference) else {
                return problem = "unsupported container resource: \(reference["resource"]?.string ?? "")"
            }
            set(name, value)
        }
    }

    static func missing(_ kind: ConfigurationStore.Kind, _ name: String) -> String {
        "\(kind.word) \"\(name)\" not found"
    }

    /// Replaces `$(NAME)` where there is such a variable; `$$` stands for `$`.
    ///
    /// https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    package static func expanded(_ text: String, _ variables: [String: String]) -> String {
        guard text.contains("$") else { return text }
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let end = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<end])
                result += variables[name] ?? "$(\(name))"
                rest = rest[rest.index(after: end)...]
            } else {
                result += "$"
            }
        }
        return result + rest
    }
}
