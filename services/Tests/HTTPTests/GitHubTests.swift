// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing
import Wire

@testable import api_gateway
@testable import social_graph_service

/// The gateway and a stub of GitHub's two addresses.
@Suite(.timeLimit(.minutes(1))) struct GitHubTests {
    /// Users by the value of the header that the gateway sends.
    private static let users = [
        "token named": #"{"login":"gigi","name":"Gigi Sayfan","email":"g@x"}"#,
        "token noemail": #"{"login":"gigi","name":"Gigi Sayfan"}"#,
        "token nullemail": #"{"login":"gigi","name":"Gigi Sayfan","email":null}"#,
        "token noname": #"{"login":"gigi","name":null,"email":"g@x"}"#,
        "token nojson": "oops",
    ]

    private static let stub = ServiceDescription(
        name: "github", banner: "stub", host: "127.0.0.1", port: 0, log: GatewayTests.quiet,
        routes: [
            Route("GET", "/user") { call in
                guard let body = users[call.headers["authorization"] ?? ""] else {
                    return .json(["message": "Bad credentials"], status: 401)
                }
                return .text(body)
            },
            Route("POST", "/login/oauth/access_token") { call in
                let form = Query(String(decoding: call.body, as: UTF8.self))
                let isKnown = form["client_id"] == "the id" && form["client_secret"] == "s&=" && form["code"] == "c 1"
                return isKnown ? .json(["access_token": "named"]) : .json(["error": "bad_verification_code"])
            },
        ])

    private func withGateway(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withService(Self.stub) { github in
            let social = try SocialGraphProgram.describe(Settings(GatewayTests.base), log: GatewayTests.quiet)
            try await withService(social) { socialPort in
                let settings = GatewayTests.base.merging([
                    "GITHUB_CLIENT_ID": "the id", "GITHUB_CLIENT_SECRET": "s&=",
                    "GITHUB_API_URL": "http://127.0.0.1:\(github)", "GITHUB_URL": "http://127.0.0.1:\(github)",
                    "SOCIAL_GRAPH_MANAGER_SERVICE_HOST": "127.0.0.1",
                    "SOCIAL_GRAPH_MANAGER_SERVICE_PORT": "\(socialPort)",
                ]) { $1 }
                let gateway = try GatewayProgram.describe(Settings(settings), log: GatewayTests.quiet)
                try await withService(gateway, body)
            }
        }
    }

    @Test func onlyAUserWithAnEmailKeyGetsIn() async throws {
        try await withGateway { port in
            let nobody = "{\"following\":{},\"err\":\"\"}\n"
            let cases = [
                ("named", 200, nobody), ("nullemail", 200, nobody), ("noemail", 401, GatewayTests.denied),
                ("unknown", 401, GatewayTests.denied), ("nojson", 401, GatewayTests.denied),
                ("named x", 401, GatewayTests.denied), ("", 401, GatewayTests.denied),
                ("noname", 500, "{\"message\":\"user name can't be empty\"}\n"),
            ]
            for (token, status, body) in cases {
                let reply = try await RawHTTP.call(port, "GET", "/v1/following", headers: ["Access-Token: \(token)"])
                #expect(reply.status == status, "\(token)")
                #expect(reply.body == body, "\(token)")
            }
            let follow = try await RawHTTP.call(
                port, "POST", "/v1/following?followed=liat", headers: ["Access-Token: named"])
            #expect(follow.body == GatewayTests.done)
            let followers = try await RawHTTP.call(port, "GET", "/v1/following", headers: ["Access-Token: nullemail"])
            #expect(followers.body == "{\"following\":{\"liat\":true},\"err\":\"\"}\n")
        }
    }

    @Test func loginLeadsToGitHubAndBackToAToken() async throws {
        try await withGateway { port in
            let start = try await RawHTTP.call(port, "GET", "/login")
            #expect(start.status == 302)
            let location = try #require(start.headers["location"])
            #expect(location.contains("/login/oauth/authorize?client_id=the%20id&scope=user%3Aemail&state="))
            let state = try #require(location.split(separator: "state=").last.map(String.init))
            let cookie = try #require(start.headers["set-cookie"]?.split(separator: ";").first)
            #expect(cookie.hasSuffix("=\(state)"))
            let back = "/login/authorized?code=c+1&state=\(state)"
            let finish = try await RawHTTP.call(port, "GET", back, headers: ["Cookie: a=b; \(cookie)"])
            #expect(finish.status == 200)
            #expect(finish.body == "{\"access_token\":\"named\"}\n")
            // Another browser, another state, a refused code.
            for (target, headers) in [
                (back, []), (back, ["Cookie: \(cookie)0"]),
                ("/login/authorized?code=c+1", ["Cookie: \(cookie)"]),
                ("/login/authorized?code=c+2&state=\(state)", ["Cookie: \(cookie)"]),
                ("/login/authorized?error=access_denied&state=\(state)", ["Cookie: \(cookie)"]),
            ] {
                let reply = try await RawHTTP.call(port, "GET", target, headers: headers)
                #expect(reply.status == 401, "\(target)")
                #expect(reply.body == GatewayTests.denied)
            }
        }
    }
}
