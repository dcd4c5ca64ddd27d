// SPDX-License-Identifier: Apache-2.0

package import ObjectModel
import Synchronization
import UserCore

/// Users and sessions in memory, under one lock.
package final class MemoryUserStore: UserStore {
    private struct State {
        var users: Set<ExactText> = []
        var emails: Set<ExactText> = []
        var sessions: [ExactText: ExactText] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package func register(name: String, email: String) async throws {
        try state.withLock { state in
            guard !state.users.contains(ExactText(name)) else { throw UserError.alreadyRegistered }
            guard state.emails.insert(ExactText(email)).inserted else { throw UserError.emailTaken }
            state.users.insert(ExactText(name))
        }
    }

    package func open(session: String, of name: String, at now: Timestamp) async throws {
        try state.withLock { state in
            guard state.users.contains(ExactText(name)) else { throw UserError.notRegistered }
            guard state.sessions[ExactText(name)] == nil else { throw UserError.alreadyLoggedIn }
            state.sessions[ExactText(name)] = ExactText(session)
        }
    }

    package func close(session: String, of name: String) async throws {
        try state.withLock { state in
            guard let open = state.sessions[ExactText(name)] else { throw UserError.notLoggedIn }
            guard open == ExactText(session) else { throw UserError.invalidSession }
            state.sessions[ExactText(name)] = nil
        }
    }
}
