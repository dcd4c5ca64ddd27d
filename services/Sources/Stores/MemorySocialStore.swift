// SPDX-License-Identifier: Apache-2.0

package import ObjectModel
import SocialCore
import Synchronization

/// The social graph in memory, under one lock, in both directions.
package final class MemorySocialStore: SocialStore {
    private struct State {
        var following: [ExactText: Set<ExactText>] = [:]
        var followers: [ExactText: Set<ExactText>] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func follow(followed: String, follower: String) async throws {
        let (target, source) = (ExactText(followed), ExactText(follower))
        try state.withLock { state in
            guard state.following[source, default: []].insert(target).inserted else {
                throw SocialError.alreadyFollowing(followed: followed, follower: follower)
            }
            state.followers[target, default: []].insert(source)
        }
    }

    package func unfollow(followed: String, follower: String) async throws {
        let (target, source) = (ExactText(followed), ExactText(follower))
        try state.withLock { state in
            guard state.following[source]?.remove(target) != nil else { throw SocialError.unableToUnfollow }
            state.followers[target]?.remove(source)
            if state.following[source]?.isEmpty == true { state.following[source] = nil }
            if state.followers[target]?.isEmpty == true { state.followers[target] = nil }
        }
    }

    package func following(_ user: String) async throws -> Set<ExactText> {
        state.withLock { $0.following[ExactText(user)] ?? [] }
    }

    package func followers(of user: String) async throws -> Set<ExactText> {
        state.withLock { $0.followers[ExactText(user)] ?? [] }
    }
}
