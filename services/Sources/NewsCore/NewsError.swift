// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The refusals of the news service.
package enum NewsError {
    package static let emptyUser = DomainError("user name can't be empty")

    /// The token is no number of an event.
    package static func invalidToken(_ token: String) -> DomainError {
        DomainError("invalid start token: \(token)")
    }
}
