// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import UserCore
import Wire

/// The user service's part of the wire: what cannot be decoded is 500 with the bare words, everything else that is
/// refused is 200 with the words under `err`.
struct UserRoutes: Sendable {
    let manager: UserManager

    var all: [Route] {
        [
            Route("POST", "/register") { call in
                await answer {
                    let request = try RegisterRequest(body: call.body)
                    return { try await manager.register(request) }
                }
            },
            Route("POST", "/login") { call in await login(call) },
            Route("POST", "/logout") { call in
                await answer {
                    let request = try LogoutRequest(body: call.body)
                    return { try await manager.logout(request) }
                }
            },
        ]
    }

    private func login(_ call: Call) async -> Reply {
        let request: LoginRequest
        do {
            request = try LoginRequest(body: call.body)
        } catch {
            return .failure("\(error)")
        }
        do {
            return .json(["session": .string(try await manager.login(request)), "err": ""])
        } catch {
            return .json(["session": "", "err": .string("\(error)")])
        }
    }

    /// A change: first the request is decoded, then the change made.
    private func answer(_ decode: () throws -> (() async throws -> Void)) async -> Reply {
        let change: () async throws -> Void
        do {
            change = try decode()
        } catch {
            return .failure("\(error)")
        }
        do {
            try await change()
            return .json(["err": ""])
        } catch {
            return .refusal("\(error)")
        }
    }
}
