// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The refusals of the link service.
package enum LinkError {
    package static let emptyUser = DomainError("user name can't be empty")
    package static let emptyURL = DomainError("the URL can't be empty")
    package static let emptyOwner = DomainError("the user name can't be empty")
    package static let tooMany = DomainError("the user has too many links")
    package static let updateFailed = DomainError("update failed")

    /// The user has a link for this URL; the original left this to the database, and to nobody.
    package static func duplicate(_ url: String, of user: String) -> DomainError {
        DomainError("user \(user) already has a link for \(url)")
    }
}
