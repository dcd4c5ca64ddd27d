// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Which objects may be deleted: those that did not exist before a session of this project made them. Pure.
package enum Ownership {
    /// On the manifest or the object; `keep` leaves it where it is when it is taken down or has left the spec. Tilt's own
    /// annotation means the same.
    package static let downPolicyAnnotations = ["devloop.dev/down-policy", "tilt.dev/down-policy"]
    /// On the manifest; `take-over` takes fields from other managers.
    package static let conflictAnnotation = "devloop.dev/on-conflict"
    package static let takeOver = "take-over"

    /// Who made an object. A project in two namespaces is two makers: objects of the cluster as a whole belong to one.
    package struct Owner: Sendable, Hashable {
        package var namespace: String
        package var project: String

        package init(namespace: String, project: String) {
            self.namespace = namespace
            self.project = project
        }

        /// nil for what no session has written.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
            self.init(namespace: String(parts[0]), project: String(parts[1]))
        }

        /// Value of the annotation.
        var text: String { "\(namespace)/\(project)" }
    }

    /// What becomes of an object that is to go.
    package enum Fate: Sendable, Equatable {
        case delete
        /// There is none.
        case gone
        /// It was there before, or another project made it.
        case foreign
        /// Its policy says so.
        case kept
    }

    /// - Parameter live: the object as the server has it; nil when it has none.
    package static func fate(of live: JSONValue?, owner: Owner) -> Fate {
        guard let live, live.at("metadata", "deletionTimestamp") == nil else { return .gone }
        guard creator(of: live) == owner else { return .foreign }
        let annotations = live.at("metadata", "annotations")
        if downPolicyAnnotations.contains(where: { annotations?[$0] == "keep" }) { return .kept }
        return .delete
    }

    /// Whose session made the object; nil for objects that were there before.
    package static func creator(of live: JSONValue) -> Owner? { mark(of: live).flatMap(Owner.init) }

    private static func mark(of live: JSONValue) -> String? {
        live.at("metadata", "annotations")?[Renderer.createdAnnotation]?.string
    }

    /// The object with the mark of its maker: ours when there was none, else the one that it has.
    ///
    /// The mark has to be sent each time: what a manager leaves out of an apply is removed.
    package static func marked(_ json: JSONValue, before: JSONValue?, owner: Owner) -> JSONValue {
        guard let mark = before.map({ mark(of: $0) }) ?? owner.text else { return json }
        var json = json
        json.annotate(Renderer.createdAnnotation, mark)
        return json
    }

    /// Whether fields are taken from other managers.
    package static func takesOver(_ wanted: JSONValue) -> Bool {
        wanted.at("metadata", "annotations")?[conflictAnnotation]?.string == takeOver
    }
}
