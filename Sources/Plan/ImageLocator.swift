// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Where an object that Kubernetes does not know by itself has image references: `k8s_kind` and `k8s_image_json_path`.
package struct ImageLocator: Sendable, Equatable {
    package enum Form: Sendable, Equatable {
        /// The value is a whole reference.
        case reference
        /// The value is an object with the repository and the tag in two members.
        case object(repository: String, tag: String)
    }

    package var path: JSONPath
    package var form: Form

    package init(path: JSONPath, form: Form) {
        self.path = path
        self.form = form
    }

    /// The references in an object.
    package func references(in json: JSONValue) -> [String] {
        path.values(in: json).compactMap { value in
            switch form {
            case .reference: return value.string
            case .object(let repository, let tag):
                guard let name = value[repository]?.string, !name.isEmpty else { return nil }
                guard let tag = value[tag]?.string, !tag.isEmpty else { return name }
                return "\(name):\(tag)"
            }
        }
    }

    /// The object with references replaced where `replacement` knows one.
    package func replace(in json: JSONValue, _ replacement: (String) -> String?) -> JSONValue {
        path.map(json) { value in
            switch form {
            case .reference: return value.string.flatMap(replacement).map(JSONValue.string) ?? value
            case .object(let repository, let tag):
                guard let old = references(in: value, form: form), let new = replacement(old) else { return value }
                var value = value
                let name = new.lastIndex(of: "/").map(new.index(after:)) ?? new.startIndex
                let colon = new[name...].lastIndex(of: ":") ?? new.endIndex
                value[repository] = .string(String(new[..<colon]))
                value[tag] = .string(String(new[colon...].dropFirst()))
                return value
            }
        }
    }

    private func references(in value: JSONValue, form: Form) -> String? {
        guard case .object(let repository, let tag) = form, let name = value[repository]?.string else { return nil }
        return (value[tag]?.string).map { $0.isEmpty ? name : "\(name):\($0)" } ?? name
    }
}
