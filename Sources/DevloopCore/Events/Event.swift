// SPDX-License-Identifier: Apache-2.0

/// One thing that happened in a session; a line of `--ui json` (design §4.3).
package struct Event: Sendable {
    /// Position in the journal, from 1, without gaps.
    package var sequence: Int
    package var time: WallTime
    package var kind: EventKind
    /// The save that caused it, where one did.
    package var save: Int?
    /// The resource that it is about, where there is one.
    package var resource: String?
    /// What the kind's ``EventKind/fields`` describe.
    package var fields: JSONObject

    package init(
        sequence: Int, time: WallTime, kind: EventKind, save: Int? = nil, resource: String? = nil,
        fields: JSONObject = [:]
    ) {
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.save = save
        self.resource = resource
        self.fields = fields
    }

    /// The event as the object that is printed, common members first.
    package var json: JSONValue {
        var object: JSONObject = ["seq": .int(sequence), "time": .string(time.iso8601), "kind": .string(kind.name)]
        if let save { object["save"] = .int(save) }
        if let resource { object["resource"] = .string(resource) }
        for (key, value) in fields.members { object[key] = value }
        return .object(object)
    }
}
