// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The rules of the social graph service. Users are not checked for existence, and one may follow oneself.
package struct SocialGraph: Sendable {
    private let store: any SocialStore

    package init(store: any SocialStore) {
        self.store = store
    }

    package func follow(_ request: FollowRequest) async throws {
        try check(request)
        try await store.follow(followed: request.followed, follower: request.follower)
    }

    package func unfollow(_ request: FollowRequest) async throws {
        try check(request)
        try await store.unfollow(followed: request.followed, follower: request.follower)
    }

    package func following(_ user: String) async throws -> Set<ExactText> {
        try await store.following(user)
    }

    package func followers(of user: String) async throws -> Set<ExactText> {
        try await store.followers(of: user)
    }

    private func check(_ request: FollowRequest) throws(DomainError) {
        guard !request.followed.isEmpty, !request.follower.isEmpty else { throw SocialError.emptyName }
    }
}
