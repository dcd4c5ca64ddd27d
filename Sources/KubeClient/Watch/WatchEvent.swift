// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// One event of a watch.
package enum WatchEvent: Sendable, Equatable {
    case added(JSONValue)
    case modified(JSONValue)
    case deleted(JSONValue)
    /// Nothing changed up to this resource version.
    case bookmark(resourceVersion: String)
    /// The watch is over; 410 asks for a new list.
    case error(KubeFailure)
}

extension WatchEvent {
    /// Reads one line of a watch; nil for a type of event that does not exist yet.
    init?(parsing line: [UInt8]) throws(JSONSyntaxError) {
        let value = try JSONValue(parsing: line)
        guard let object = value["object"] else { return nil }
        switch value["type"]?.string {
        case "ADDED": self = .added(object)
        case "MODIFIED": self = .modified(object)
        case "DELETED": self = .deleted(object)
        case "BOOKMARK": self = .bookmark(resourceVersion: object.at("metadata", "resourceVersion")?.string ?? "")
        case "ERROR": self = .error(KubeFailure(object))
        default: return nil
        }
    }

    /// Where to go on after this event; nil after an error.
    package var resourceVersion: String? {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object):
            object.at("metadata", "resourceVersion")?.string
        case .bookmark(let version): version
        case .error: nil
        }
    }
}
