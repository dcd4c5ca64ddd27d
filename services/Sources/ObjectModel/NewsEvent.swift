// SPDX-License-Identifier: Apache-2.0

/// A line of somebody's feed.
package struct NewsEvent: Hashable, Sendable {
    package var kind: LinkEvent.Kind
    /// Whose feed it is, as in the original, where the author is lost.
    package var username: String
    package var url: String
    /// When the news came here.
    package var time: Timestamp

    package init(kind: LinkEvent.Kind, username: String, url: String, time: Timestamp) {
        self.kind = kind
        self.username = username
        self.url = url
        self.time = time
    }
}

/// One page of a feed and the token of the next, empty for none.
package struct NewsPage: Hashable, Sendable {
    package var events: [NewsEvent]
    package var nextToken: String

    package init(events: [NewsEvent], nextToken: String) {
        self.events = events
        self.nextToken = nextToken
    }
}
