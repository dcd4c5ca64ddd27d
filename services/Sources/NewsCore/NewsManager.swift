// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The rules of the news service.
package struct NewsManager: Sendable {
    /// Events in one answer, as in the original.
    package static let pageSize = 10

    private let store: any NewsStore
    private let now: @Sendable () -> Timestamp

    package init(store: any NewsStore, now: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        self.store = store
        self.now = now
    }

    /// - Parameter startToken: the token of the page before; empty for the first page. The original forgets it.
    package func news(of user: String, startToken: String) async throws -> NewsPage {
        guard !user.isEmpty else { throw NewsError.emptyUser }
        var start = 0
        if !startToken.isEmpty {
            guard let number = Int(startToken), number >= 0 else { throw NewsError.invalidToken(startToken) }
            start = number
        }
        let (events, next) = try await store.events(of: user, from: start, limit: Self.pageSize)
        return NewsPage(events: events, nextToken: next.map { String($0) } ?? "")
    }

    /// Puts an event into the feed of the follower it is for. One without a link, which ended the original, has no
    /// address to show and is passed over.
    package func take(_ event: LinkEvent) async throws {
        guard !event.username.isEmpty, let link = event.link else { return }
        try await store.add(NewsEvent(kind: event.kind, username: event.username, url: link.url, time: now()))
    }
}
