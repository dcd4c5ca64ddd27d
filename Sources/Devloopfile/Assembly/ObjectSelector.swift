// SPDX-License-Identifier: Apache-2.0

import Plan

/// Chooses objects by patterns, as `k8s_kind`, `k8s_image_json_path` and `filter_yaml` do; letter case is all one.
struct ObjectSelector {
    /// What of a text a pattern has to cover.
    enum Coverage { case whole, part }

    private let rules: [(ManifestObject) -> Bool]

    /// From the parameters `api_version`, `kind`, `name` and `namespace`, those that the builtin has.
    init(_ call: BuiltinCall, matching coverage: Coverage) throws {
        let parts: [(String, (ManifestObject) -> String)] = [
            ("api_version", \.apiVersion), ("kind", \.kind), ("name", \.name),
            ("namespace", { ObjectIdentity($0).namespace }),
        ]
        rules = try parts.compactMap { name, part in
            guard call.has(name), call.value(name) != nil else { return nil }
            let pattern = try call.string(name)
            guard !pattern.isEmpty else { return nil }
            guard let regex = try? Regex(pattern).ignoresCase() else {
                throw SpecFault("\(name) \"\(pattern)\" is no regular expression")
            }
            return { object in
                let text = part(object)
                return coverage == .whole ? (try? regex.wholeMatch(in: text)) != nil : text.contains(regex)
            }
        }
    }

    func matches(_ object: ManifestObject) -> Bool { rules.allSatisfy { $0(object) } }
}
