// SPDX-License-Identifier: Apache-2.0

import NewsCore
package import ObjectModel
import Synchronization

/// Feeds in memory, under one lock. Of each feed the newest events are kept: a program that nobody empties must not
/// grow for ever.
package final class MemoryNewsStore: NewsStore {
    /// Events of one feed; the oldest go first, and their numbers with them.
    static let capacity = 10_000

    private struct Feed {
        var events: [NewsEvent] = []
        /// How many have gone before the first.
        var dropped = 0
    }

    private let feeds = Mutex<[ExactText: Feed]>([:])

    package init() {}

    package func add(_ event: NewsEvent) async throws {
        feeds.withLock { feeds in
            feeds[ExactText(event.username), default: Feed()].events.append(event)
            // In steps, so that not every event moves all the others.
            let excess = (feeds[ExactText(event.username)]?.events.count ?? 0) - Self.capacity
            guard excess >= Self.capacity / 10 else { return }
            feeds[ExactText(event.username)]?.events.removeFirst(excess)
            feeds[ExactText(event.username)]?.dropped += excess
        }
    }

    package func events(
        of user: String, from start: Int, limit: Int
    ) async throws -> (events: [NewsEvent], next: Int?) {
        feeds.withLock { feeds in
            guard let feed = feeds[ExactText(user)], start < feed.dropped + feed.events.count else { return ([], nil) }
            let first = max(0, start - feed.dropped)
            let page = feed.events[first...].prefix(limit)
            let end = first + page.count
            return (Array(page), end < feed.events.count ? feed.dropped + end : nil)
        }
    }
}
