// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Wire

/// The social graph service as the link service uses it.
struct SocialGraphClient: Sendable {
    let caller: HTTPCaller
    /// Sent with every call, if there is one.
    let token: String?

    /// The names of those who follow `user`, sorted. Throws `DomainError` if the service does not say.
    @Sendable func followers(of user: String) async throws -> [String] {
        // The other side decodes twice, so that names may hold a slash or a percent sign.
        let answer = try await caller.get(
            "/followers/" + percentEncoded(percentEncoded(user)),
            headers: token.map { [(MutualAuth.header, $0)] } ?? [])
        guard answer.status == 200 else {
            throw DomainError("status \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        }
        let fields = try FieldReader(JSONParser.firstValue(in: answer.body))
        var refusal = ""
        var followers: Set<ExactText> = []
        try fields.read("err", into: &refusal)
        guard refusal.isEmpty else { throw DomainError(refusal) }
        try fields.read("followers", into: &followers)
        return followers.sorted().map(\.text)
    }
}
