// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Wire

/// A link with its number, as a statement that begins with `select` returns it.
struct LinkRow: Sendable {
    /// Times in microseconds since 1970, which is exact; tags as a JSON list.
    static let select = """
        SELECT l.id, l.url, l.title, l.description, l.status, (extract(epoch FROM l.created_at) * 1000000)::bigint,
            (extract(epoch FROM l.updated_at) * 1000000)::bigint,
            (SELECT json_agg(t.name) FROM tags t WHERE t.link_id = l.id) FROM links l
        """

    var number: Int64
    var link: Link

    /// `nil` for a row that is none of ours.
    init?(_ columns: [String?]) {
        guard columns.count == 8, let number = columns[0].flatMap({ Int64($0) }), let url = columns[1],
            let title = columns[2], let description = columns[3],
            let status = columns[4].flatMap({ LinkStatus(rawValue: $0) }),
            let created = columns[5].flatMap({ Int64($0) }), let updated = columns[6].flatMap({ Int64($0) })
        else { return nil }
        var tags: Set<ExactText> = []
        if let text = columns[7], case .array(let items)? = try? JSONParser.firstValue(in: Array(text.utf8)) {
            for case .string(let tag) in items { tags.insert(ExactText(tag)) }
        }
        self.number = number
        link = Link(
            url: url, title: title, description: description, status: status, tags: tags,
            createdAt: Timestamp(microseconds: created), updatedAt: Timestamp(microseconds: updated))
    }
}

extension Timestamp {
    /// - Parameter microseconds: since 1970, negative before.
    init(microseconds: Int64) {
        let seconds = microseconds / 1_000_000 - (microseconds % 1_000_000 < 0 ? 1 : 0)
        self.init(seconds: seconds, nanoseconds: Int32((microseconds - seconds * 1_000_000) * 1_000))
    }

    /// The time without what a database does not keep of it.
    var inMicroseconds: Timestamp {
        Timestamp(seconds: seconds, nanoseconds: nanoseconds / 1_000 * 1_000)
    }
}
