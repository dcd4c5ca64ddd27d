// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The refusals of the user service.
package enum UserError {
    package static let emptyName = DomainError("invalid user name")
    package static let emptyLogin = DomainError("username can't be empty")
    package static let alreadyRegistered = DomainError("user already registered")
    package static let emailTaken = DomainError("email already registered")
    package static let notRegistered = DomainError("user not registered")
    /// What clients of the original have seen for a login by nobody, since it passed on its database's words.
    package static let noRow = DomainError("sql: no rows in result set")
    package static let alreadyLoggedIn = DomainError("user already logged in")
    package static let notLoggedIn = DomainError("User is not logged in")
    package static let invalidSession = DomainError("Invalid session")
}
