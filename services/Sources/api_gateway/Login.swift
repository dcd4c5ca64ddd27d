// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import WebClient
import Wire

/// The way to a token: GitHub's OAuth. `/login` sends the browser there, GitHub sends it back to `/login/authorized`.
struct Login: Sendable {
    /// What the gateway is known as at GitHub.
    struct Client: Sendable {
        var id: String
        var secret: String
    }

    /// `nil` where there are only development tokens.
    let client: Client?
    /// GitHub's pages, without a slash at the end.
    let site: String
    let web: WebClient

    private static let cookie = "delinkcious-login"

    var all: [Route] {
        [
            Route("GET", "/login") { _ in start() },
            Route("GET", "/login/authorized") { call in await finish(call) },
            Route("GET", "/logout") { _ in
                var reply = Reply.text("OK")
                reply.fields["Set-Cookie"] = cookie("", maximumAge: 0)
                return reply
            },
        ]
    }

    private func start() -> Reply {
        guard let client else { return off }
        // GitHub returns the state; the cookie shows that it comes back to the browser that was sent.
        let state = "\(UInt64.random(in: .min ... .max))"
        let query = [("client_id", client.id), ("scope", "user:email"), ("state", state)]
            .map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
        return .redirect(
            to: "\(site)/login/oauth/authorize?\(query)",
            fields: ["Set-Cookie": cookie(state, maximumAge: 600)])
    }

    private func finish(_ call: Call) async -> Reply {
        guard let client else { return off }
        let state = call.query["state"]
        let cookies = (call.headers["cookie"] ?? "").split(separator: ";").map { $0.drop { $0 == " " } }
        guard !state.isEmpty, cookies.contains("\(Self.cookie)=\(state)"), !call.query["code"].isEmpty else {
            return Refusal.denied.reply
        }
        let body = [("client_id", client.id), ("client_secret", client.secret), ("code", call.query["code"])]
            .map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
        let answer: WebClient.Answer
        do {
            answer = try await web.send(
                WebClient.Request(
                    "POST", "\(site)/login/oauth/access_token", headers: ["Accept: application/json"],
                    body: Array(body.utf8)))
        } catch {
            return Refusal(status: 502, text: "GitHub does not answer: \(error)").reply
        }
        var token = ""
        guard let fields = try? FieldReader(JSONParser.firstValue(in: answer.body)),
            (try? fields.read("access_token", into: &token)) != nil, !token.isEmpty
        else { return Refusal.denied.reply }
        var reply = Reply.json(["access_token": .string(token)])
        reply.fields["Set-Cookie"] = cookie("", maximumAge: 0)
        reply.fields["Cache-Control"] = "no-store"
        return reply
    }

    private var off: Reply { Refusal(status: 503, text: "login is off: GITHUB_CLIENT_ID is not set").reply }

    private func cookie(_ value: String, maximumAge: Int) -> String {
        "\(Self.cookie)=\(value); Path=/login; Max-Age=\(maximumAge); HttpOnly; SameSite=Lax"
    }
}
