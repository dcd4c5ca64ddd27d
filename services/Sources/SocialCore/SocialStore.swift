// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Who follows whom. Every function is one step for other callers.
package protocol SocialStore: Sendable {
    /// Throws `SocialError.alreadyFollowing` if it is so already.
    func follow(followed: String, follower: String) async throws
    /// Throws `SocialError.unableToUnfollow` if it is not so.
    func unfollow(followed: String, follower: String) async throws
    /// Those whom `user` follows; empty for an unknown user.
    func following(_ user: String) async throws -> Set<ExactText>
    /// Those who follow `user`; empty for an unknown user.
    func followers(of user: String) async throws -> Set<ExactText>
}
