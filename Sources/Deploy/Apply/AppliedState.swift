// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Whether the cluster already holds what would be applied; pure.
///
/// Read from the object itself, not from a note of ours: the server writes down which fields each manager has applied, so
/// that a field that somebody changed or removed since is no longer ours, and is seen.
package enum AppliedState {
    /// - Parameters:
    ///   - wanted: the object as it would be sent.
    ///   - live: the object as the server has it, with `metadata.managedFields`.
    ///   - manager: field manager of the apply.
    /// - Returns: true only where an apply would change nothing. False also where that cannot be told, such as for
    ///   quantities that the server writes in another way: applying once more does no harm.
    package static func isCurrent(_ wanted: JSONValue, live: JSONValue, manager: String) -> Bool {
        let entry = live.at("metadata", "managedFields")?.array?.first { entry in
            entry["manager"]?.string == manager && entry["operation"] == "Apply" && entry["subresource"] == nil
        }
        guard let entry, entry["apiVersion"] == wanted["apiVersion"], let fields = entry["fieldsV1"] else {
            return false
        }
        var rest = wanted
        rest["apiVersion"] = nil
        rest["kind"] = nil
        if var metadata = rest["metadata"] {
            // What names an object is no field of it.
            metadata["name"] = nil
            metadata["namespace"] = nil
            rest["metadata"] = metadata.object?.isEmpty == true ? nil : metadata
        }
        return isOurs(rest, live: live, fields: fields)
    }

    /// Whether every field of `wanted` is there with its value and managed by us, and nothing else is managed by us.
    private static func isOurs(_ wanted: JSONValue, live: JSONValue?, fields: JSONValue) -> Bool {
        guard let members = fields.object?.members.filter({ $0.key != "." }) else { return false }
        // A single value, or a list or map that has one manager as a whole.
        if members.isEmpty { return wanted == live }
        switch wanted {
        case .object(let object):
            // The server drops nulls.
            let present = object.members.filter { !$0.value.isNull }
            guard present.count == members.count else { return false }
            return present.allSatisfy { key, value in
                guard let inner = fields["f:\(key)"] else { return false }
                return isOurs(value, live: live?[key], fields: inner)
            }
        case .array(let elements):
            guard elements.count == members.count, let present = live?.array else { return false }
            return elements.allSatisfy { element in
                members.contains { isOurs(element, among: present, key: $0.key, fields: $0.value) }
            }
        default: return false
        }
    }

    /// Elements of lists are told apart by their value (`v:"a"`) or by some of their members (`k:{"name":"web"}`).
    private static func isOurs(
        _ element: JSONValue, among present: [JSONValue], key: String, fields: JSONValue
    ) -> Bool {
        guard let identity = try? JSONValue(parsing: Array(key.dropFirst(2).utf8)) else { return false }
        if key.hasPrefix("v:") { return identity == element && present.contains(element) }
        guard key.hasPrefix("k:"), let members = identity.object?.members,
            members.allSatisfy({ element[$0.key] == $0.value })
        else { return false }
        let live = present.first { other in members.allSatisfy { other[$0.key] == $0.value } }
        return isOurs(element, live: live, fields: fields)
    }
}
