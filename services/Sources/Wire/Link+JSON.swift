// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

extension Link {
    /// The seven fields in the original's order and case. No tags are `null`, and the tags are sorted, as Go sorts maps.
    package var json: JSON {
        [
            "Url": .string(url),
            "Title": .string(title),
            "Description": .string(description),
            "Status": .string(status.rawValue),
            "Tags": tags.isEmpty ? .null : JSON(set: tags),
            "CreatedAt": .string(createdAt.rfc3339),
            "UpdatedAt": .string(updatedAt.rfc3339),
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
