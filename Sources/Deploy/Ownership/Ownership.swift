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
    package static func fate(of live: JSONValue?, project: String) -> Fate {
        guard let live, live.at("metadata", "deletionTimestamp") == nil else { return .gone }
        guard creator(of: live) == project else { return .foreign }
        let annotations = live.at("metadata", "annotations")
        if downPolicyAnnotations.contains(where: { annotations?[$0] == "keep" }) { return .kept }
        return .delete
    }

    /// The project whose session made the object; nil for objects that were there before.
    package static func creator(of live: JSONValue) -> String? {
        live.at("metadata", "annotations")?[Renderer.createdAnnotation]?.string
    }

    /// The object with the mark of its maker: ours when there was none, else the one that it has.
    ///
    /// The mark has to be sent each time: what a manager leaves out of an apply is removed.
    package static func marked(_ json: JSONValue, before: JSONValue?, project: String) -> JSONValue {
        guard let creator = before.map({ creator(of: $0) }) ?? project else { return json }
        var json = json
        var metadata = json["metadata"] ?? [:]
        var annotations = metadata["annotations"] ?? [:]
        annotations[Renderer.createdAnnotation] = .string(creator)
        metadata["annotations"] = annotations
        json["metadata"] = metadata
        return json
    }

    /// Whether fields are taken from other managers.
    package static func takesOver(_ wanted: JSONValue) -> Bool {
        wanted.at("metadata", "annotations")?[conflictAnnotation]?.string == takeOver
    }
}
