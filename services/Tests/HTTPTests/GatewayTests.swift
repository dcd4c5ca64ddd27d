// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing
import Wire

@testable import api_gateway
@testable import link_service
@testable import social_graph_service

/// The gateway in front of the other services, all of them real servers.
@Suite(.timeLimit(.minutes(1))) struct GatewayTests {
    static let quiet = ServiceLog(name: "test", style: .plain, write: LogLines().write)
    static let base = ["PORT": "0", "LISTEN_HOST": "127.0.0.1", "STORE": "memory", "DELINKCIOUS_MUTUAL_AUTH": "false"]

    /// Runs link, social graph and gateway; `body` gets the gateway's port.
    /// - Parameters:
    ///   - extra: further settings of the gateway.
    ///   - stores: further settings of the services behind it.
    static func withGateway(
        _ extra: [String: String] = [:], stores: [String: String] = [:],
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let base = base.merging(stores) { $1 }
        let social = try SocialGraphProgram.describe(Settings(base), log: Self.quiet)
        try await withService(social) { socialPort in
            let socialAddress = [
                "SOCIAL_GRAPH_MANAGER_SERVICE_HOST": "127.0.0.1", "SOCIAL_GRAPH_MANAGER_SERVICE_PORT": "\(socialPort)",
            ]
            let link = try LinkProgram.describe(Settings(base.merging(socialAddress) { $1 }), log: Self.quiet)
            try await withService(link) { linkPort in
                let settings = [
                    "LINK_MANAGER_SERVICE_HOST": "127.0.0.1", "LINK_MANAGER_SERVICE_PORT": "\(linkPort)",
                    "GATEWAY_DEV_TOKENS": "t1=Gigi Sayfan:g@x,t2=a/b 50%:l@x",
                ]
                let all = base.merging(socialAddress) { $1 }.merging(settings) { $1 }.merging(extra) { $1 }
                let gateway = try GatewayProgram.describe(Settings(all), log: Self.quiet)
                try await withService(gateway, body)
            }
        }
    }

    static let denied = "{\"message\":\"Access Denied!\"}\n"
    static let done = "{\"err\":\"\"}\n"
    static let me = ["Access-Token: t1"]
    static let other = ["ACCESS-TOKEN: t2"]

    static func missing(_ name: String) -> String {
        "{\"message\":{\"\(name)\":\"Missing required parameter in the JSON body or the post body or the query string\"}}\n"
    }

    static func link(_ url: String, _ title: String, _ description: String, tags: String) -> String {
        #"{"links":[{"Url":"\#(url)","Title":"\#(title)","Description":"\#(description)","Status":"pending","#
            + #""Tags":\#(tags),<times>}],"err":""}"# + "\n"
    }

    static let steps = [
        // Nobody gets in without a token that is known; no parameter is looked at before.
        Step(method: "GET", target: "/v1/links", status: 401, answer: denied),
        Step(method: "POST", target: "/v1/links", headers: ["Access-Token: "], status: 401, answer: denied),
        Step(method: "PUT", target: "/v1/links", status: 401, answer: denied),
        Step(method: "DELETE", target: "/v1/links", status: 401, answer: denied),
        Step(method: "GET", target: "/v1/followers", status: 401, answer: denied),
        Step(method: "POST", target: "/v1/followers", status: 401, answer: denied),
        Step(method: "GET", target: "/v1/following", status: 401, answer: denied),
        Step(method: "POST", target: "/v1/following", status: 401, answer: denied),
        Step(method: "DELETE", target: "/v1/following", status: 401, answer: denied),
        // Links. The smoke test of the original posts with a query and no body.
        Step(method: "GET", target: "/v1/links", headers: me, answer: "{\"links\":null,\"err\":\"\"}\n"),
        Step(method: "POST", target: "/v1/links", headers: me, status: 400, answer: missing("url")),
        Step(method: "POST", target: "/v1/links?url=u", headers: me, status: 400, answer: missing("title")),
        Step(method: "POST", target: "/v1/links?url=http%3A%2F%2Fa&title=A+1&tags=x,%20y", headers: me, answer: done),
        Step(
            method: "GET", target: "/v1/links?tag=y&url_regex=%5Ehttp&title_regex=1$&description_regex=%5E$",
            headers: me, answer: link("http://a", "A 1", "", tags: #"{"x":true,"y":true}"#)),
        Step(method: "POST", target: "/v1/links", body: "url=b&title=B&description=d&tags=", headers: me, answer: done),
        Step(
            method: "POST", target: "/v1/links", body: #"{"url":"c","title":"C","tags":["p","q"]}"#, headers: me,
            answer: done),
        Step(
            method: "POST", target: "/v1/links", body: #"{"url":"c","title":"C"}"#, headers: me, status: 500,
            answer: "{\"message\":\"user Gigi Sayfan already has a link for c\"}\n"),
        Step(
            method: "GET", target: "/v1/links?url_regex=c", headers: me,
            answer: link("c", "C", "", tags: #"{"p":true,"q":true}"#)),
        Step(
            method: "PUT", target: "/v1/links", body: #"{"url":"c","title":"C2","add_tags":"r,s","remove_tags":"p"}"#,
            headers: me, answer: done),
        Step(method: "PUT", target: "/v1/links?url=c", headers: me, status: 400, answer: missing("title")),
        Step(
            method: "PUT", target: "/v1/links?url=none&title=t", headers: me, status: 500,
            answer: "{\"message\":\"update failed\"}\n"),
        Step(
            method: "GET", target: "/v1/links?tag=s", headers: me,
            answer: link("c", "C2", "", tags: #"{"q":true,"r":true,"s":true}"#)),
        Step(
            method: "GET", target: "/v1/links?title_regex=(", headers: me, status: 500,
            answer: "{\"message\":\"error parsing regexp: missing closing ): `(`\"}\n"),
        Step(
            method: "GET", target: "/v1/links?start_token=soon", headers: me, status: 500,
            answer: "{\"message\":\"invalid start token: soon\"}\n"),
        Step(
            method: "POST", target: "/v1/links", body: "{\"url\"", headers: me, status: 400,
            answer: "{\"message\":\"unexpected EOF\"}\n"),
        Step(
            method: "POST", target: "/v1/links", body: #"{"url":{},"title":"x"}"#, headers: me, status: 400,
            answer: "{\"message\":{\"url\":\"must be text\"}}\n"),
        Step(method: "GET", target: "/v1/links", headers: other, answer: "{\"links\":null,\"err\":\"\"}\n"),
        Step(method: "DELETE", target: "/v1/links", headers: me, status: 400, answer: missing("url")),
        Step(method: "DELETE", target: "/v1/links?url=none", headers: me, answer: done),
        Step(method: "DELETE", target: "/v1/links", body: "url=b", headers: me, answer: done),
        Step(method: "GET", target: "/v1/links?url_regex=b", headers: me, answer: "{\"links\":null,\"err\":\"\"}\n"),
        // The social graph. Names may have spaces, slashes and percent signs.
        Step(method: "GET", target: "/v1/followers", headers: me, answer: "{\"followers\":{},\"err\":\"\"}\n"),
        Step(method: "POST", target: "/v1/followers", headers: me, status: 400, answer: missing("follower")),
        Step(method: "POST", target: "/v1/followers?follower=a%2Fb%2050%25", headers: me, answer: done),
        Step(
            method: "POST", target: "/v1/followers?follower=a%2Fb%2050%25", headers: me,
            answer: "{\"err\":\"a/b 50% already follows Gigi Sayfan\"}\n"),
        Step(
            method: "GET", target: "/v1/followers", headers: me,
            answer: "{\"followers\":{\"a/b 50%\":true},\"err\":\"\"}\n"),
        Step(
            method: "GET", target: "/v1/following", headers: other,
            answer: "{\"following\":{\"Gigi Sayfan\":true},\"err\":\"\"}\n"),
        Step(method: "POST", target: "/v1/following", headers: other, status: 400, answer: missing("followed")),
        Step(method: "POST", target: "/v1/following", body: "followed=guy", headers: other, answer: done),
        Step(method: "DELETE", target: "/v1/following", headers: other, status: 400, answer: missing("followed")),
        Step(method: "DELETE", target: "/v1/following?followed=Gigi+Sayfan", headers: other, answer: done),
        Step(
            method: "DELETE", target: "/v1/following?followed=Gigi+Sayfan", headers: other,
            answer: "{\"err\":\"unable to unfollow\"}\n"),
        Step(
            method: "GET", target: "/v1/following", headers: other,
            answer: "{\"following\":{\"guy\":true},\"err\":\"\"}\n"),
        // The rest.
        Step(method: "GET", target: "/logout", answer: "OK"),
        Step(method: "POST", target: "/login", status: 405, answer: ""),
        Step(method: "DELETE", target: "/v1/followers", headers: me, status: 405, answer: ""),
        Step(method: "HEAD", target: "/v1/links", headers: me, status: 405, answer: ""),
        Step(method: "GET", target: "/v1/users", headers: me, status: 404, answer: "404 page not found\n"),
        Step(method: "GET", target: "/v1/links/", headers: me, status: 404, answer: "404 page not found\n"),
        Step(method: "GET", target: "/healthz", answer: "ok\n"),
        Step(method: "GET", target: "/readyz", answer: "ok\n"),
        Step(method: "GET", target: "/", answer: "api-gateway \(api_gateway.banner)\n"),
    ]

    static let loginIsOff = Step(
        method: "GET", target: "/login", status: 503,
        answer: "{\"message\":\"login is off: GITHUB_CLIENT_ID is not set\"}\n")

    static func withoutTimes(_ body: String) -> String {
        body.replacing(/"CreatedAt":"[^"]+","UpdatedAt":"[^"]+"/) { _ in "<times>" }
    }

    @Test(arguments: [false, true])
    func answersAsTheTableSays(chunked: Bool) async throws {
        // GitHub is not to be asked: nothing listens there.
        try await Self.withGateway(["GITHUB_API_URL": "http://127.0.0.1:1"]) { port in
            try await expect(
                Self.steps + [Self.loginIsOff], on: port, chunked: chunked, normalize: Self.withoutTimes)
        }
    }

    @Test func aTokenLeadsThroughThePages() async throws {
        try await Self.withGateway { port in
            for number in 0..<10 {
                let target = "/v1/links?url=\(number)&title=t"
                #expect(try await RawHTTP.call(port, "POST", target, headers: Self.me).status == 200)
            }
            let refusal = try await RawHTTP.call(port, "POST", "/v1/links?url=10&title=t", headers: Self.me)
            #expect(refusal.status == 500)
            #expect(refusal.body == "{\"message\":\"the user has too many links\"}\n")
            let page = try await RawHTTP.call(
                port, "GET", "/v1/links?start_token=2000-01-01T00:00:00Z", headers: Self.me)
            #expect(page.body.matches(of: /"Url"/).count == 10)
        }
    }

    @Test func aBackendThatIsDownIsSaidAndEndsNothing() async throws {
        let settings = Self.base.merging([
            "GATEWAY_DEV_TOKENS": "t1=gigi:g@x", "LINK_MANAGER_SERVICE_HOST": "127.0.0.1",
            "LINK_MANAGER_SERVICE_PORT": "1",
        ]) { $1 }
        let gateway = try GatewayProgram.describe(Settings(settings), log: Self.quiet)
        try await withService(gateway) { port in
            let reply = try await RawHTTP.call(port, "GET", "/v1/links", headers: Self.me)
            #expect(reply.status == 502)
            #expect(reply.body.hasPrefix("{\"message\":\"127.0.0.1:1: "))
            #expect(try await RawHTTP.call(port, "GET", "/readyz").status == 200)
        }
    }

    @Test(arguments: [
        ([:], "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are not set"),
        (["GITHUB_CLIENT_ID": "i"], "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are not set"),
        (["GATEWAY_DEV_TOKENS": "t1"], "GATEWAY_DEV_TOKENS: an entry is not \"token=name:email\""),
        (["GATEWAY_DEV_TOKENS": "t1=gigi"], "GATEWAY_DEV_TOKENS: an entry is not \"token=name:email\""),
    ])
    func aBadSettingIsFatal(extra: [String: String], want: String) {
        let error = #expect(throws: (any Error).self) {
            try GatewayProgram.describe(Settings(Self.base.merging(extra) { $1 }), log: Self.quiet)
        }
        #expect(error.map { "\($0)".hasPrefix(want) } == true)
    }
}
