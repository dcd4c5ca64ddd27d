// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// What sessions of a project have applied in a namespace, and which session works there now: a ConfigMap. Pure.
package struct Inventory: Sendable, Equatable {
    /// One object; the version of its API is no part of what makes it the same one.
    package struct Entry: Sendable, Hashable {
        package var apiVersion: String
        package var kind: String
        package var namespace: String
        package var name: String
        /// Digest of the Job that has ended well, and that its time to live may have cleared away since; nil for others.
        /// No part of what makes it the same object.
        package var success: String?

        /// - Parameter namespace: for objects that name none.
        package init(_ object: ManifestObject, namespace: String) {
            apiVersion = object.apiVersion
            kind = object.kind
            self.namespace = object.namespace.isEmpty ? namespace : object.namespace
            name = object.name
        }

        init?(_ json: JSONValue) {
            guard let apiVersion = json["apiVersion"]?.string, let kind = json["kind"]?.string,
                let name = json["name"]?.string
            else { return nil }
            self.apiVersion = apiVersion
            self.kind = kind
            self.name = name
            namespace = json["namespace"]?.string ?? ""
            success = json["success"]?.string
        }

        var json: JSONValue {
            var json: JSONValue = [
                "apiVersion": .string(apiVersion), "kind": .string(kind), "namespace": .string(namespace),
                "name": .string(name),
            ]
            if let success { json["success"] = .string(success) }
            return json
        }

        /// Enough of the object to find it.
        package var object: ManifestObject {
            ManifestObject([
                "apiVersion": .string(apiVersion), "kind": .string(kind),
                "metadata": ["name": .string(name), "namespace": .string(namespace)],
            ])
        }

        private var group: Substring { apiVersion.contains("/") ? apiVersion.prefix { $0 != "/" } : "" }

        package static func == (left: Entry, right: Entry) -> Bool {
            left.group == right.group && left.kind == right.kind && left.namespace == right.namespace
                && left.name == right.name
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(group)
            hasher.combine(kind)
            hasher.combine(namespace)
            hasher.combine(name)
        }
    }

    /// Value: the project.
    package static let label = "devloop.dev/inventory"

    package var project: String
    /// In the order in which they were applied first.
    package var entries: [Entry] = []
    package var holder: SessionHolder?

    package init(project: String) { self.project = project }

    /// Name of the ConfigMap.
    package static func name(of project: String) -> String { "devloop-\(project)" }

    /// - Returns: whether any of them is new.
    package mutating func add(_ new: [Entry]) -> Bool {
        let known = Set(entries)
        let missing = new.filter { !known.contains($0) }
        entries += missing
        return !missing.isEmpty
    }

    /// - Returns: whether any of them was there.
    package mutating func remove(_ gone: Set<Entry>) -> Bool {
        let count = entries.count
        entries.removeAll { gone.contains($0) }
        return entries.count != count
    }

    /// Digest of the Job that has ended well under this entry; nil when none has.
    package func success(of entry: Entry) -> String? { entries.first { $0 == entry }?.success }

    /// - Parameter success: nil when what ended well says nothing about what is applied now.
    /// - Returns: whether that is new. False for what is not in the inventory.
    package mutating func set(success: String?, of entry: Entry) -> Bool {
        guard let index = entries.firstIndex(of: entry), entries[index].success != success else { return false }
        entries[index].success = success
        return true
    }

    /// What was applied once and is not in the spec any more.
    package func left(keeping: [Entry]) -> [Entry] {
        let kept = Set(keeping)
        return entries.filter { !kept.contains($0) }
    }
}

extension Inventory {
    /// The whole ConfigMap.
    package var json: JSONValue {
        [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": [
                "name": .string(Self.name(of: project)),
                "labels": .object([Renderer.managedByLabel: "devloop", Self.label: .string(project)]),
            ],
            "data": data,
        ]
    }

    /// Its values; a patch with them writes holder and objects.
    package var data: JSONValue {
        var data = sign
        data["objects"] = .string(JSONValue.array(entries.map(\.json)).jsonText)
        return data
    }

    /// A patch that writes the holder alone: a sign of life.
    package var sign: JSONValue { ["holder": .string((holder?.json ?? .object([:])).jsonText)] }

    /// Reads a ConfigMap; what cannot be read is left out.
    package init(project: String, _ map: JSONValue) {
        self.project = project
        func value(_ key: String) -> JSONValue? {
            map.at("data", key)?.string.flatMap { try? JSONValue(parsing: Array($0.utf8)) }
        }
        _ = add((value("objects")?.array ?? []).compactMap(Entry.init))
        holder = value("holder").flatMap(SessionHolder.init)
    }
}
