// SPDX-License-Identifier: Apache-2.0

/// What the checker found out about a link's address.
package enum LinkStatus: String, Hashable, Sendable {
    /// Not checked yet; every link starts so.
    case pending
    case valid
    case invalid
}

/// A link as its owner sees it.
package struct Link: Hashable, Sendable {
    package var url: String
    package var title: String
    package var description: String
    package var status: LinkStatus
    package var tags: Set<ExactText>
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        url: String, title: String, description: String, status: LinkStatus, tags: Set<ExactText>,
        createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.url = url
        self.title = title
        self.description = description
        self.status = status
        self.tags = tags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
