// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import WebClient
import Wire

/// Who a token belongs to: one of the development tokens, or a user of GitHub.
struct Identity: Sendable {
    /// `token=name:email,…`, for work without a network.
    let developmentTokens: [ExactText: String]
    let github: String
    let web: WebClient

    /// Reads `GATEWAY_DEV_TOKENS`. Throws for an entry that has not the form.
    static func developmentTokens(_ text: String?) throws(DomainError) -> [ExactText: String] {
        var tokens: [ExactText: String] = [:]
        for entry in (text ?? "").split(separator: ",") {
            let halves = entry.split(separator: "=", maxSplits: 1)
            let parts = halves.count == 2 ? halves[1].split(separator: ":", maxSplits: 1) : []
            guard parts.count == 2 else {
                throw DomainError("GATEWAY_DEV_TOKENS: an entry is not \"token=name:email\"")
            }
            tokens[ExactText(String(halves[0]))] = String(parts[0])
        }
        return tokens
    }

    /// The name of the user whose token this is; empty for one who has not given GitHub a name. As in the original, an
    /// account without an email, which is what GitHub's refusal looks like, has no access.
    func name(token: String?) async throws(Refusal) -> String {
        guard let token, !token.isEmpty else { throw .denied }
        if let name = developmentTokens[ExactText(token)] { return name }
        // What has a control character in it is no token, and must not become a header.
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .denied }
        let answer: WebClient.Answer
        do {
            answer = try await web.send(
                WebClient.Request(
                    "GET", "\(github)/user",
                    headers: ["Authorization: token \(token)", "Accept: application/json"]))
        } catch {
            throw Refusal(status: 502, text: "GitHub does not answer: \(error)")
        }
        guard let fields = try? FieldReader(JSONParser.firstValue(in: answer.body)), fields.value("email") != nil else {
            throw .denied
        }
        var name = ""
        do {
            try fields.read("name", into: &name)
        } catch {
            throw .denied
        }
        return name
    }
}
