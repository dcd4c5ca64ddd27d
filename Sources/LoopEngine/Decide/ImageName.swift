// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// Comparison of image names as manifests and specs write them.
package enum ImageName {
    /// The repository part: registry and path, without tag and digest.
    package static func repository(_ text: String) -> String {
        let name = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).first ?? Substring(text)
        // A colon after the last slash starts a tag; before it, it belongs to the registry's port.
        let slash = name.lastIndex(of: "/") ?? name.startIndex
        guard let colon = name[slash...].lastIndex(of: ":") else { return normalised(String(name)) }
        return normalised(String(name[..<colon]))
    }

    /// Whether a name in a manifest means a ref of the spec: any tag will do when the ref has none.
    package static func matches(_ text: String, ref: String) -> Bool {
        guard repository(text) == repository(ref) else { return false }
        return tag(ref) == nil || tag(ref) == tag(text)
    }

    private static func tag(_ text: String) -> Substring? {
        let name = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).first ?? Substring(text)
        let slash = name.lastIndex(of: "/") ?? name.startIndex
        return name[slash...].lastIndex(of: ":").map { name[name.index(after: $0)...] }
    }

    /// `docker.io/library/redis`, `docker.io/redis` and `redis` are one name.
    private static func normalised(_ name: String) -> String {
        for prefix in ["docker.io/library/", "index.docker.io/", "docker.io/"] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }
}

extension ManifestObject {
    /// Pod specs inside the object: a Pod's own, or the template of a workload.
    package var podSpecs: [JSONValue] {
        switch kind {
        case "Pod": [json["spec"]].compactMap { $0 }
        case "CronJob": [json.at("spec", "jobTemplate", "spec", "template", "spec")].compactMap { $0 }
        default: [json.at("spec", "template", "spec")].compactMap { $0 }
        }
    }
}
