// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

extension Link {
    /// The seven fields in the original's order and case. No tags are `null`, and the tags are sorted, as Go sorts maps.
    package var json: JSON { json(time: \.rfc3339) }

    /// Reads a link by the same rules as a request: what is missing or `null` is empty, pending or the year 1.
    package init(json value: JSON) throws(DomainError) {
        let fields = try FieldReader(value)
        self.init(
            url: "", title: "", description: "", status: .pending, tags: [], createdAt: .zero, updatedAt: .zero)
        try fields.read("Url", into: &url)
        try fields.read("Title", into: &title)
        try fields.read("Description", into: &description)
        var word = ""
        try fields.read("Status", into: &word)
        // The original's own programs send no status at all.
        if !word.isEmpty {
            guard let status = LinkStatus(rawValue: word) else { throw DomainError("there is no status \"\(word)\"") }
            self.status = status
        }
        try fields.read("Tags", into: &tags)
        try fields.read("CreatedAt", into: &createdAt)
        try fields.read("UpdatedAt", into: &updatedAt)
    }

    func json(time: (Timestamp) -> String) -> JSON {
        [
            "Url": .string(url),
            "Title": .string(title),
            "Description": .string(description),
            "Status": .string(status.rawValue),
            "Tags": tags.isEmpty ? .null : JSON(set: tags),
            "CreatedAt": .string(time(createdAt)),
            "UpdatedAt": .string(time(updatedAt)),
        ]
    }
}

extension LinkPage {
    /// The body of GET `/links`: no links are `null`, and the token is there only if a page follows.
    package var json: JSON {
        var members = [
            JSON.Member("links", links.isEmpty ? .null : .array(links.map(\.json))),
            JSON.Member("err", ""),
        ]
        if let nextToken { members.append(JSON.Member("NextPageToken", .string(nextToken))) }
        return .object(members)
    }
}

extension JSON {
    /// `{"name": true}` for each name, sorted by bytes; `{}` for none.
    package init(set: Set<ExactText>) {
        self = .object(set.sorted().map { Member($0.text, .bool(true)) })
    }
}
