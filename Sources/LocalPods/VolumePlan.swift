// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a Pod's volumes are on this machine.
package struct VolumePlan: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// Files by their path in the volume, and what they hold.
        case files([String: [UInt8]])
        /// A folder that is empty when the Pod begins, the same for all containers that mount it.
        case empty
        /// A path of this machine.
        case host(String)
    }

    /// Why a Pod does not start.
    package enum Problem: Sendable, Equatable {
        /// In the kubelet's words.
        case notMounted(String)
        /// Names of claims.
        case claims([String])
    }

    /// By the volume's name.
    package private(set) var contents: [String: Content] = [:]
    package private(set) var problem: Problem?

    package init(_ spec: JSONValue, store: ConfigurationStore, pod: ContainerVariables.Pod) {
        var claims: [String] = []
        for volume in spec["volumes"]?.array ?? [] {
            let name = volume["name"]?.string ?? ""
            if let claim = volume.at("persistentVolumeClaim", "claimName")?.string {
                claims.append(claim)
                continue
            }
            switch Self.content(volume, store, pod) {
            case .success(let content): contents[name] = content
            case .failure(let error):
                problem = problem ?? .notMounted("MountVolume.SetUp failed for volume \"\(name)\" : \(error.text)")
            }
        }
        if !claims.isEmpty { problem = .claims(claims) }
    }

    private struct Missing: Error { var text: String }

    private static func content(
        _ volume: JSONValue, _ store: ConfigurationStore, _ pod: ContainerVariables.Pod
    ) -> Result<Content, Missing> {
        if volume["emptyDir"] != nil || volume["ephemeral"] != nil { return .success(.empty) }
        if let path = volume.at("hostPath", "path")?.string { return .success(.host(path)) }
        let sources = volume.at("projected", "sources")?.array ?? [volume]
        var files: [String: [UInt8]] = [:]
        var isKnown = volume["projected"] != nil
        for source in sources {
            for (field, key, kind) in [
                ("configMap", "name", ConfigurationStore.Kind.configMap), ("secret", "secretName", .secret),
                ("secret", "name", .secret),
            ] {
                guard let reference = source[field], let name = reference[key]?.string else { continue }
                isKnown = true
                do {
                    files.merge(try items(reference, of: kind, name, store, pod.namespace)) { $1 }
                } catch {
                    return .failure(error)
                }
            }
            for item in source.at("downwardAPI", "items")?.array ?? [] {
                isKnown = true
                guard let path = item["path"]?.string, let field = item.at("fieldRef", "fieldPath")?.string,
                    let value = pod.field(field)
                else { continue }
                files[path] = Array(value.utf8)
            }
        }
        guard isKnown else {
            let kind = volume.object?.keys.first { $0 != "name" } ?? "of no kind"
            return .failure(Missing(text: "a volume \(kind) cannot be had on this machine"))
        }
        return .success(.files(files))
    }

    private static func items(
        _ reference: JSONValue, of kind: ConfigurationStore.Kind, _ name: String, _ store: ConfigurationStore,
        _ namespace: String
    ) throws(Missing) -> [String: [UInt8]] {
        let isOptional = reference["optional"]?.bool == true
        guard let values = store.values(kind, name, in: namespace) else {
            if isOptional { return [:] }
            throw Missing(text: ContainerVariables.missing(kind, name))
        }
        guard let items = reference["items"]?.array else { return values }
        var files: [String: [UInt8]] = [:]
        for item in items {
            guard let key = item["key"]?.string, let path = item["path"]?.string else { continue }
            if let value = values[key] {
                files[path] = value
            } else if !isOptional {
                throw Missing(text: "references non-existent \(kind == .secret ? "secret" : "config") key: \(key)")
            }
        }
        return files
    }
}
