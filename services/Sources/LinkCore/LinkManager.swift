// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The rules of the link service: what is checked, in which order, and who is told.
package struct LinkManager: Sendable {
    /// Links in one answer, as in the original.
    package static let pageSize = 10

    private let store: any LinkStore
    private let maximumLinks: Int
    private let changed: @Sendable (LinkChange) -> Void
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - maximumLinks: links that one user may have.
    ///   - changed: hears of each change after it is stored; it must not block, and its troubles are not the caller's.
    package init(
        store: any LinkStore, maximumLinks: Int, changed: @escaping @Sendable (LinkChange) -> Void,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.store = store
        self.maximumLinks = maximumLinks
        self.changed = changed
        self.now = now
    }

    package func links(_ request: GetLinksRequest) async throws -> LinkPage {
        guard !request.username.isEmpty else { throw LinkError.emptyUser }
        let query = LinkQuery(
            username: request.username,
            url: try Pattern(optional: request.urlRegex),
            title: try Pattern(optional: request.titleRegex),
            description: try Pattern(optional: request.descriptionRegex),
            tag: request.tag,
            after: request.start.isEmpty ? nil : try PageStart(request.start),
            limit: LinkManager.pageSize)
        return try await store.links(query)
    }

    package func add(_ request: AddLinkRequest) async throws {
        try check(url: request.url, user: request.username)
        let link = try await store.insert(request, limit: maximumLinks, at: now())
        changed(LinkChange(kind: .added, username: request.username, url: request.url, link: link))
    }

    package func update(_ request: UpdateLinkRequest) async throws {
        try check(url: request.url, user: request.username)
        let link = try await store.update(request, at: now())
        changed(LinkChange(kind: .updated, username: request.username, url: request.url, link: link))
    }

    package func delete(url: String, of user: String) async throws {
        try check(url: url, user: user)
        try await store.delete(url: url, of: user)
        changed(LinkChange(kind: .deleted, username: user, url: url))
    }

    /// Takes what the checker found out; a link that is gone by now is nothing to it.
    package func take(_ result: LinkCheck) async throws {
        try check(url: result.url, user: result.username)
        try await store.setStatus(result.status, url: result.url, of: result.username)
    }

    private func check(url: String, user: String) throws(DomainError) {
        guard !url.isEmpty else { throw LinkError.emptyURL }
        guard !user.isEmpty else { throw LinkError.emptyOwner }
    }
}

/// A change to a link that its owner's followers may care about.
package struct LinkChange: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case added
        case updated
        case deleted
    }

    package var kind: Kind
    /// The owner.
    package var username: String
    package var url: String
    /// The link as it is stored now; `nil` for one that was deleted.
    package var link: Link?

    package init(kind: Kind, username: String, url: String, link: Link? = nil) {
        self.kind = kind
        self.username = username
        self.url = url
        self.link = link
    }
}
