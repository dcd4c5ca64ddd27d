// SPDX-License-Identifier: Apache-2.0

/// What POST `/follow` and POST `/unfollow` bring: who is followed, and by whom.
package struct FollowRequest: Hashable, Sendable {
    package var followed = ""
    package var follower = ""

    package init() {}
}
