// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// The rules of the user service.
package struct UserManager: Sendable {
    private let store: any UserStore
    private let makeSession: @Sendable () -> String
    private let now: @Sendable () -> Timestamp

    /// - Parameter makeSession: a session's name, which nobody can guess.
    package init(
        store: any UserStore, makeSession: @escaping @Sendable () -> String = UserManager.randomSession,
        now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.store = store
        self.makeSession = makeSession
        self.now = now
    }

    package func register(_ request: RegisterRequest) async throws {
        guard !request.username.isEmpty else { throw UserError.emptyName }
        try await store.register(name: request.username, email: request.email)
    }

    /// Returns the new session.
    package func login(_ request: LoginRequest) async throws -> String {
        guard !request.username.isEmpty else { throw UserError.emptyLogin }
        let session = makeSession()
        try await store.open(session: session, of: request.username, at: now())
        return session
    }

    package func logout(_ request: LogoutRequest) async throws {
        try await store.close(session: request.session, of: request.username)
    }

    /// A positive decimal number of 63 bits from the system's random source: clients may read it as an integer.
    package static func randomSession() -> String {
        String(Int64.random(in: 1...Int64.max))
    }
}
