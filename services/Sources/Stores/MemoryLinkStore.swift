// SPDX-License-Identifier: Apache-2.0

package import LinkCore
package import ObjectModel
import Synchronization

/// Links in memory, under one lock. Each user's links stay in the order of creation.
package final class MemoryLinkStore: LinkStore {
    private struct Row {
        var number: Int64
        var link: Link

        func hasURL(_ url: String) -> Bool {
            ExactText(link.url) == ExactText(url)
        }
    }

    private struct State {
        var rows: [ExactText: [Row]] = [:]
        var lastNumber: Int64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func links(_ query: LinkQuery) async throws -> LinkPage {
        // The rows are copied out: matching takes long enough not to do it under the lock.
        let rows = state.withLock { $0.rows[ExactText(query.username)] ?? [] }
        var found: [Row] = []
        for row in rows where matches(row, query) {
            if found.count == query.limit {
                let last = found[found.count - 1]
                return LinkPage(
                    links: found.map(\.link),
                    nextToken: PageStart.token(createdAt: last.link.createdAt, number: last.number))
            }
            found.append(row)
        }
        return LinkPage(links: found.map(\.link), nextToken: nil)
    }

    package func insert(_ request: AddLinkRequest, limit: Int, at now: Timestamp) async throws -> Link {
        let owner = ExactText(request.username)
        return try state.withLock { state in
            var rows = state.rows[owner] ?? []
            guard rows.count < limit else { throw LinkError.tooMany }
            guard !rows.contains(where: { $0.hasURL(request.url) }) else {
                throw LinkError.duplicate(request.url, of: request.username)
            }
            state.lastNumber += 1
            let link = Link(
                url: request.url, title: request.title, description: request.description, status: .pending,
                tags: request.tags, createdAt: now, updatedAt: now)
            let row = Row(number: state.lastNumber, link: link)
            // The wall clock may step back; the order of a page must still be the order of its times.
            let place = rows.lastIndex { $0.link.createdAt <= now }.map { $0 + 1 } ?? 0
            rows.insert(row, at: place)
            state.rows[owner] = rows
            return link
        }
    }

    package func update(_ request: UpdateLinkRequest, at now: Timestamp) async throws -> Link {
        let owner = ExactText(request.username)
        return try state.withLock { state in
            guard let index = state.rows[owner]?.firstIndex(where: { $0.hasURL(request.url) }),
                var link = state.rows[owner]?[index].link
            else { throw LinkError.updateFailed }
            if !request.title.isEmpty { link.title = request.title }
            if !request.description.isEmpty { link.description = request.description }
            link.tags = link.tags.subtracting(request.removeTags).union(request.addTags)
            link.updatedAt = now
            state.rows[owner]?[index].link = link
            return link
        }
    }

    package func delete(url: String, of user: String) async throws {
        let owner = ExactText(user)
        state.withLock { state in
            state.rows[owner]?.removeAll { $0.hasURL(url) }
            if state.rows[owner]?.isEmpty == true { state.rows[owner] = nil }
        }
    }

    package func setStatus(_ status: LinkStatus, url: String, of user: String) async throws {
        let owner = ExactText(user)
        state.withLock { state in
            guard let index = state.rows[owner]?.firstIndex(where: { $0.hasURL(url) }) else { return }
            state.rows[owner]?[index].link.status = status
        }
    }

    private func matches(_ row: Row, _ query: LinkQuery) -> Bool {
        if let start = query.after, !start.precedes(createdAt: row.link.createdAt, number: row.number) { return false }
        if !query.tag.isEmpty, !row.link.tags.contains(ExactText(query.tag)) { return false }
        if let url = query.url, !url.isFound(in: row.link.url) { return false }
        if let title = query.title, !title.isFound(in: row.link.title) { return false }
        if let description = query.description, !description.isFound(in: row.link.description) { return false }
        return true
    }
}
