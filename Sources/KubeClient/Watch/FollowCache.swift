// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a follower reports.
package enum FollowEvent: Sendable {
    /// List and watch stand; sent again after each break.
    case connected
    /// The connection is broken or refused; the follower tries again by itself.
    case disconnected(DevloopError)
    /// The objects of a list are all reported: what was not, is gone.
    case synced
    case added(JSONValue)
    case modified(JSONValue)
    /// With the object as it was last seen.
    case deleted(JSONValue)
}

/// The objects that a follower has reported; turns lists and watch events into changes.
///
/// `metadata.managedFields` is dropped: it is often the larger half of an object, and nobody reads it here.
package struct FollowCache: Sendable {
    /// By uid, else by namespace and name.
    private var objects: [String: JSONValue] = [:]

    package init() {}

    package var count: Int { objects.count }

    /// Compares a fresh list with what is known.
    package mutating func replace(_ list: [JSONValue]) -> [FollowEvent] {
        var events: [FollowEvent] = []
        var missing = objects
        for item in list {
            let object = Self.slim(item)
            let key = Self.key(object)
            missing[key] = nil
            if let event = note(object, key) { events.append(event) }
        }
        // Deletions first: a recreated object has the same name and another uid.
        let deletions = missing.sorted { $0.key < $1.key }.map { key, object in
            objects[key] = nil
            return FollowEvent.deleted(object)
        }
        return deletions + events
    }

    /// Takes one event of a watch; nil when it changes nothing that was not reported already.
    package mutating func apply(_ event: WatchEvent) -> FollowEvent? {
        switch event {
        case .added(let object), .modified(let object):
            let object = Self.slim(object)
            return note(object, Self.key(object))
        case .deleted(let object):
            let object = Self.slim(object)
            // What was never reported, or reported as gone by a list, is not reported as gone again.
            guard objects.removeValue(forKey: Self.key(object)) != nil else { return nil }
            return .deleted(object)
        case .bookmark, .error: return nil
        }
    }

    private mutating func note(_ object: JSONValue, _ key: String) -> FollowEvent? {
        guard let old = objects.updateValue(object, forKey: key) else { return .added(object) }
        let version = object.at("metadata", "resourceVersion")
        // A resumed watch or a list repeats objects.
        if let version, old.at("metadata", "resourceVersion") == version { return nil }
        return .modified(object)
    }

    private static func slim(_ object: JSONValue) -> JSONValue {
        guard var metadata = object["metadata"], metadata["managedFields"] != nil else { return object }
        var object = object
        metadata["managedFields"] = nil
        object["metadata"] = metadata
        return object
    }

    private static func key(_ object: JSONValue) -> String {
        let metadata = object["metadata"]
        if let uid = metadata?["uid"]?.string { return uid }
        return "\(metadata?["namespace"]?.string ?? "")/\(metadata?["name"]?.string ?? "")"
    }
}
