// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing

@testable import link_service

@Suite(.timeLimit(.minutes(1))) struct LinkServiceTests {
    private func describe(_ extra: [String: String] = [:], log: LogLines = LogLines()) throws -> ServiceDescription {
        let settings = [
            "PORT": "0", "LISTEN_HOST": "127.0.0.1", "STORE": "memory", "DELINKCIOUS_MUTUAL_AUTH": "false",
            "SOCIAL_GRAPH_MANAGER_SERVICE_HOST": "127.0.0.1", "SOCIAL_GRAPH_MANAGER_SERVICE_PORT": "1",
        ]
        return try LinkProgram.describe(
            Settings(settings.merging(extra) { $1 }),
            log: ServiceLog(name: "link manager", style: .json, write: log.write))
    }

    static let done = "{\"err\":\"\"}\n"
    static let steps = [
        Step(method: "GET", target: "/links", status: 500, answer: "user name can't be empty"),
        Step(method: "GET", target: "/links?username=gigi", status: 200, answer: "{\"links\":null,\"err\":\"\"}\n"),
        Step(method: "POST", target: "/links", body: "{}", status: 500, answer: "the URL can't be empty"),
        Step(
            method: "POST", target: "/links", body: #"{"url":"u"}"#, status: 500, answer: "the user name can't be empty"
        ),
        Step(method: "POST", target: "/links", status: 500, answer: "EOF"),
        Step(
            method: "POST", target: "/links", body: "username=gigi", status: 500,
            answer: "invalid character 'u' looking for beginning of value"),
        Step(
            method: "POST", target: "/links",
            body: #"{"URL":"http://a?x=1&y=<2>","title":"T","description":null,"userName":"gigi","tags":{"a":true}} {"#,
            status: 200, answer: done),
        Step(
            method: "POST", target: "/links", body: #"{"url":"http://a?x=1&y=<2>","username":"gigi"}"#, status: 500,
            answer: "user gigi already has a link for http://a?x=1&y=<2>"),
        Step(
            method: "GET", target: "/links?username=gigi&url=x%3D1&title=%5ET&tag=a", status: 200,
            answer: #"{"links":[{"Url":"http://a?x=1\u0026y=\u003c2\u003e","Title":"T","Description":"","#
                + #""Status":"pending","Tags":{"a":true},<times>}],"err":""}"# + "\n"),
        Step(
            method: "GET", target: "/links?username=gigi&tag=b", status: 200,
            answer: "{\"links\":null,\"err\":\"\"}\n"),
        Step(
            method: "GET", target: "/links?username=gigi&description=%28", status: 500,
            answer: "error parsing regexp: missing closing ): `(`"),
        Step(
            method: "GET", target: "/links?username=gigi&start=soon", status: 500,
            answer: "invalid start token: soon"),
        Step(method: "PUT", target: "/links", body: "{}", status: 500, answer: "the URL can't be empty"),
        Step(
            method: "PUT", target: "/links", body: #"{"url":"u"}"#, status: 500, answer: "the user name can't be empty"),
        Step(
            method: "PUT", target: "/links", body: #"{"url":"none","username":"gigi","title":"x"}"#, status: 500,
            answer: "update failed"),
        Step(
            method: "PUT", target: "/links",
            body: #"{"Url":"http://a?x=1&y=<2>","Username":"gigi","AddTags":{"b":true},"RemoveTags":{"a":true}}"#,
            status: 200, answer: done),
        Step(
            method: "GET", target: "/links?username=gigi&tag=b", status: 200,
            answer: #"{"links":[{"Url":"http://a?x=1\u0026y=\u003c2\u003e","Title":"T","Description":"","#
                + #""Status":"pending","Tags":{"b":true},<times>}],"err":""}"# + "\n"),
        Step(method: "DELETE", target: "/links", status: 500, answer: "the URL can't be empty"),
        Step(method: "DELETE", target: "/links?url=u", status: 500, answer: "the user name can't be empty"),
        Step(method: "DELETE", target: "/links?username=gigi&url=none", status: 200, answer: done),
        Step(
            method: "DELETE", target: "/links?username=gigi&url=http%3A%2F%2Fa%3Fx%3D1%26y%3D%3C2%3E", status: 200,
            answer: done),
        Step(method: "GET", target: "/links?username=gigi", status: 200, answer: "{\"links\":null,\"err\":\"\"}\n"),
        Step(method: "HEAD", target: "/links", status: 405, answer: ""),
        Step(method: "PATCH", target: "/links", status: 405, answer: ""),
        Step(method: "GET", target: "/links/", status: 404, answer: "404 page not found\n"),
        Step(method: "HEAD", target: "/nothing", status: 404, answer: ""),
        Step(method: "POST", target: "/metrics", status: 405, answer: ""),
        Step(method: "GET", target: "/healthz", status: 200, answer: "ok\n"),
        Step(method: "GET", target: "/readyz?verbose", status: 200, answer: "ok\n"),
        Step(method: "HEAD", target: "/readyz", status: 405, answer: ""),
        Step(method: "GET", target: "/", status: 200, answer: "link-manager \(banner)\n"),
        Step(method: "GET", target: "http://test/", status: 200, answer: "link-manager \(banner)\n"),
        Step(method: "POST", target: "/", status: 405, answer: ""),
        Step(method: "GET", target: "/%zz", status: 400, answer: "400 Bad Request\n"),
    ]

    @Test(arguments: [false, true])
    func answersAsTheTableSays(chunked: Bool) async throws {
        try await withService(try describe()) { port in
            try await expect(Self.steps, on: port, chunked: chunked, normalize: withoutTimes)
        }
    }

    /// `"CreatedAt":…,"UpdatedAt":…` as `<times>`, once it is clear that both are RFC 3339 in whole seconds.
    private func withoutTimes(_ body: String) -> String {
        body.replacing(/"CreatedAt":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ","UpdatedAt":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/) {
            _ in "<times>"
        }
    }

    @Test func aRefusalIsPlainTextAndCountsToo() async throws {
        try await withService(try describe()) { port in
            let refusal = try await RawHTTP.call(port, "POST", "/links", "{}")
            #expect(refusal.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(try await RawHTTP.call(port, "GET", "/links?username=gigi").status == 200)
            #expect(try await RawHTTP.call(port, "GET", "/links").status == 500)
            let metrics = try await RawHTTP.call(port, "GET", "/metrics")
            #expect(metrics.status == 200)
            let lines = metrics.body.split(separator: "\n").map(String.init)
            let counts = [
                "link_getlinks_count 2", "link_getlinks_summary_count 2", "link_addlink_count 1",
                "link_addlink_summary_count 1", "link_updatelink_count 0", "link_deletelink_summary_count 0",
                "# TYPE link_getlinks_count counter", "# TYPE link_getlinks_summary summary",
            ]
            for line in counts { #expect(lines.contains(line), "\(line)") }
            // Milliseconds: a call from memory takes less than a second, and not nothing.
            let sum = lines.first { $0.hasPrefix("link_getlinks_summary_sum ") }?.split(separator: " ").last
            let milliseconds = try #require(sum.flatMap { Double($0) })
            #expect(milliseconds > 0 && milliseconds < 20_000)
        }
    }

    @Test func aBodyIsWelcomeOnEveryMethod() async throws {
        try await withService(try describe()) { port in
            for method in ["GET", "DELETE"] {
                let reply = try await RawHTTP.chunked(port, method, "/links?username=gigi&url=u", "{\"x\":1}")
                #expect(reply.status == 200)
            }
        }
    }

    @Test func theEleventhLinkIsRefusedAtOnceAndPagesAreExact() async throws {
        try await withService(try describe()) { port in
            for number in 0..<10 {
                let body = #"{"url":"http://\#(number)","username":"gigi"}"#
                #expect(try await RawHTTP.call(port, "POST", "/links", body).status == 200)
            }
            let refusal = try await RawHTTP.call(port, "POST", "/links", #"{"url":"http://10","username":"gigi"}"#)
            #expect(refusal.status == 500)
            #expect(refusal.body == "the user has too many links")
            let page = try await RawHTTP.call(port, "GET", "/links?username=gigi")
            #expect(page.body.matches(of: /"Url"/).count == 10)
            #expect(!page.body.contains("NextPageToken"))
        }
    }

    @Test func aTokenLeadsToTheNextPage() async throws {
        try await withService(try describe(["MAX_LINKS_PER_USER": "12"])) { port in
            for number in 0..<12 {
                let body = #"{"url":"http://\#(number)","username":"gigi"}"#
                #expect(try await RawHTTP.call(port, "POST", "/links", body).status == 200)
            }
            let first = try await RawHTTP.call(port, "GET", "/links?username=gigi")
            let token = try #require(first.body.firstMatch(of: /"NextPageToken":"([^"]+)"/)?.1)
            #expect(first.body.contains("http://9\""))
            let second = try await RawHTTP.call(port, "GET", "/links?username=gigi&start=\(token)")
            #expect(
                second.body.matches(of: /"Url":"(http:\/\/\d+)"/).map { String($0.1) } == ["http://10", "http://11"])
            #expect(!second.body.contains("NextPageToken"))
        }
    }

    @Test func aBodyThatIsTooLongIsRefused() async throws {
        try await withService(try describe()) { port in
            let body = #"{"url":""# + String(repeating: "a", count: 1 << 20) + #"","username":"gigi"}"#
            let refusal = try await RawHTTP.call(port, "POST", "/links", body)
            #expect(refusal.status == 413)
            let next = try await RawHTTP.call(port, "GET", "/healthz")
            #expect(next.status == 200)
        }
    }

    @Test func listsAreLoggedAndTheRestIsNot() async throws {
        let log = LogLines()
        try await withService(try describe(log: log)) { port in
            _ = try await RawHTTP.call(port, "GET", "/links?username=gigi&tag=t")
            _ = try await RawHTTP.call(port, "GET", "/links")
        }
        #expect(log.all.first?.contains(#""msg":"listening""#) == true)
        let entries = log.all.filter { $0.contains(#""method":"GetLinks""#) }
        #expect(entries.count == 2)
        #expect(entries.first?.contains(#""Username":"gigi","Tag":"t""#) == true)
        #expect(entries.first?.contains(#""result":{"links":null,"err":""}"#) == true)
        #expect(entries.last?.contains(#""result":{"err":"user name can't be empty"}"#) == true)
    }

    @Test(arguments: [
        (["STORE": "mongo"], "STORE=mongo: there is no such store; known: memory, postgres"),
        (["MAX_LINKS_PER_USER": "ten"], "MAX_LINKS_PER_USER=ten: not a whole number"),
        (["PORT": "http"], "PORT=http: not a whole number"),
    ])
    func aBadSettingIsFatal(extra: [String: String], want: String) {
        let error = #expect(throws: (any Error).self) { try describe(extra) }
        #expect(error.map { "\($0)" } == want)
    }
}
