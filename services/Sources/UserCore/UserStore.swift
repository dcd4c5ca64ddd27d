// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// Where users and their sessions are kept. A user has one session at most.
/// Every function is one step for other callers: a store checks and changes without a gap.
package protocol UserStore: Sendable {
    /// Throws `UserError.alreadyRegistered` or `UserError.emailTaken`; no email is one that can be taken too.
    func register(name: String, email: String) async throws
    /// Opens a session. Throws `UserError.alreadyLoggedIn` if the user has one, and for a name that is not registered
    /// the words of the store's original: `UserError.notRegistered` from memory, `UserError.noRow` from a database.
    func open(session: String, of name: String, at now: Timestamp) async throws
    /// Closes the user's session if it is this one. Throws `UserError.notLoggedIn` or `UserError.invalidSession`.
    func close(session: String, of name: String) async throws
}
