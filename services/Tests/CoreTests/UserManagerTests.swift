// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Stores
import Testing
import UserCore

@Suite struct UserManagerTests {
    private func register(_ manager: UserManager, _ name: String, _ email: String) async throws {
        var request = RegisterRequest()
        request.username = name
        request.email = email
        try await manager.register(request)
    }

    private func login(_ manager: UserManager, _ name: String) async throws -> String {
        var request = LoginRequest()
        request.username = name
        return try await manager.login(request)
    }

    private func logout(_ manager: UserManager, _ name: String, _ session: String) async throws {
        var request = LogoutRequest()
        request.username = name
        request.session = session
        try await manager.logout(request)
    }

    @Test func namesAndEmailsAreTakenOnce() async throws {
        let manager = UserManager(store: MemoryUserStore())
        await #expect(throws: UserError.emptyName) { try await register(manager, "", "a@b") }
        try await register(manager, "gigi", "a@b")
        await #expect(throws: UserError.alreadyRegistered) { try await register(manager, "gigi", "c@d") }
        await #expect(throws: UserError.emailTaken) { try await register(manager, "liat", "a@b") }
        // A refusal takes nothing: the email of the first is free, and the name of the second.
        try await register(manager, "liat", "c@d")
        try await register(manager, "guy", "")
        await #expect(throws: UserError.emailTaken) { try await register(manager, "nobody", "") }
    }

    @Test func logoutEndsTheSessionAndNothingElse() async throws {
        let manager = UserManager(store: MemoryUserStore())
        await #expect(throws: UserError.emptyLogin) { try await login(manager, "") }
        await #expect(throws: UserError.notRegistered) { try await login(manager, "gigi") }
        try await register(manager, "gigi", "a@b")
        await #expect(throws: UserError.notLoggedIn) { try await logout(manager, "gigi", "1") }
        let session = try await login(manager, "gigi")
        await #expect(throws: UserError.alreadyLoggedIn) { try await login(manager, "gigi") }
        await #expect(throws: UserError.invalidSession) { try await logout(manager, "gigi", session + "0") }
        try await logout(manager, "gigi", session)
        await #expect(throws: UserError.notLoggedIn) { try await logout(manager, "gigi", session) }
        #expect(try await login(manager, "gigi") != session)
    }

    @Test func sessionsAreDecimalNumbersThatDiffer() {
        let sessions = (0..<100).map { _ in UserManager.randomSession() }
        #expect(Set(sessions).count == 100)
        #expect(sessions.allSatisfy { Int64($0).map { $0 > 0 } == true })
    }
}
