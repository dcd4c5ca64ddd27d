// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Where links are kept. Every function is one step for other callers: a store checks and changes without a gap.
package protocol LinkStore: Sendable {
    /// The links of `query.username` that match, oldest first, at most `query.limit` of them.
    func links(_ query: LinkQuery) async throws -> LinkPage
    /// Adds a link and returns it. Throws `LinkError.tooMany` if the user has `limit` links already, and
    /// `LinkError.duplicate` if one of them has this URL; the count is looked at first.
    func insert(_ request: AddLinkRequest, limit: Int, at now: Timestamp) async throws -> Link
    /// Changes a link's texts and tags and returns it. Throws `LinkError.updateFailed` if the user has no such link.
    func update(_ request: UpdateLinkRequest, at now: Timestamp) async throws -> Link
    /// Removes a link; nothing happens if there is none.
    func delete(url: String, of user: String) async throws
    /// Sets what is known of a link's address; nothing happens if there is no such link.
    func setStatus(_ status: LinkStatus, url: String, of user: String) async throws
}

/// One page's worth of question to a store, already checked.
package struct LinkQuery: Sendable {
    package var username: String
    package var url: Pattern?
    package var title: Pattern?
    package var description: Pattern?
    /// Empty for any.
    package var tag: String
    package var after: PageStart?
    /// Links a page holds at most.
    package var limit: Int

    package init(
        username: String, url: Pattern? = nil, title: Pattern? = nil, description: Pattern? = nil, tag: String = "",
        after: PageStart? = nil, limit: Int
    ) {
        self.username = username
        self.url = url
        self.title = title
        self.description = description
        self.tag = tag
        self.after = after
        self.limit = limit
    }
}
