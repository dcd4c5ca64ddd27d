// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The refusals of the social graph service.
package enum SocialError {
    package static let emptyName = DomainError("followed and follower can't be empty")
    package static let unableToUnfollow = DomainError("unable to unfollow")
    package static let missingToken = DomainError("missing caller token")
    package static let unauthorized = DomainError("unauthorized caller")

    /// The original answered in the database's words.
    package static func alreadyFollowing(followed: String, follower: String) -> DomainError {
        DomainError("\(follower) already follows \(followed)")
    }
}
