// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import SocialCore
import Wire

/// The social graph service's part of the wire: what cannot be decoded and who may not call are 500 with the bare
/// words, everything else that is refused is 200 with the words under `err`.
struct SocialGraphRoutes: Sendable {
    /// The one caller that may ask for followers under mutual authentication.
    static let trustedCaller = "link-manager"

    let graph: SocialGraph
    /// `nil` while mutual authentication is off.
    let auth: MutualAuth?

    var all: [Route] {
        [
            Route("POST", "/follow") { call in
                await answer {
                    let request = try FollowRequest(body: call.body)
                    return { try await graph.follow(request) }
                }
            },
            Route("POST", "/unfollow") { call in
                await answer {
                    let request = try FollowRequest(body: call.body)
                    return { try await graph.unfollow(request) }
                }
            },
            Route("GET", "/following/{username}") { call in
                await answer("following") { try await graph.following(user(call)) }
            },
            Route("GET", "/followers/{username}") { call in
                await answer("followers") {
                    let user = try user(call)
                    try check(call)
                    return try await graph.followers(of: user)
                }
            },
        ]
    }

    /// The path was decoded once as a whole; the original decodes the name once more.
    private func user(_ call: Call) throws(DomainError) -> String {
        try percentDecoded(call.parameter.utf8)
    }

    private func check(_ call: Call) throws(DomainError) {
        guard let auth else { return }
        guard let token = call.headers[MutualAuth.header], !token.isEmpty else { throw SocialError.missingToken }
        guard auth.accepts(token, from: Self.trustedCaller) else { throw SocialError.unauthorized }
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

    /// A question for a set of names, under `key`.
    private func answer(_ key: String, _ names: () async throws -> Set<ExactText>) async -> Reply {
        do {
            let names = JSON(set: try await names())
            return .json(.object([JSON.Member(key, names), JSON.Member("err", "")]))
        } catch {
            return .failure("\(error)")
        }
    }
}
