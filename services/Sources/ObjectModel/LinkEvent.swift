// SPDX-License-Identifier: Apache-2.0

/// A change of a link, as one follower of its owner hears of it.
package struct LinkEvent: Hashable, Sendable {
    /// The numbers are those on the wire.
    package enum Kind: Int, Hashable, Sendable {
        case added = 0
        case updated = 1
        case deleted = 2
    }

    package var kind: Kind
    /// The follower who is told, not the owner of the link.
    package var username: String
    /// `nil` where the sender said nothing of the link, as the original does for updates.
    package var link: Link?

    package init(kind: Kind, username: String, link: Link?) {
        self.kind = kind
        self.username = username
        self.link = link
    }
}
