// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing

@testable import social_graph_service

@Suite(.timeLimit(.minutes(1))) struct SocialGraphServiceTests {
    private func describe(_ extra: [String: String] = [:]) throws -> ServiceDescription {
        let settings = ["PORT": "0", "LISTEN_HOST": "127.0.0.1", "STORE": "memory", "DELINKCIOUS_MUTUAL_AUTH": "false"]
        return try SocialGraphProgram.describe(
            Settings(settings.merging(extra) { $1 }),
            log: ServiceLog(name: "social graph manager", style: .plain, write: LogLines().write))
    }

    static let done = "{\"err\":\"\"}\n"
    static let steps = [
        Step(
            method: "POST", target: "/follow", body: "{}",
            answer: "{\"err\":\"followed and follower can't be empty\"}\n"),
        Step(
            method: "POST", target: "/unfollow", body: #"{"followed":"a","follower":""}"#,
            answer: "{\"err\":\"followed and follower can't be empty\"}\n"),
        Step(method: "POST", target: "/follow", status: 500, answer: "EOF"),
        Step(
            method: "POST", target: "/unfollow", body: #"{"followed":1}"#, status: 500,
            answer: "json: cannot unmarshal number into field followed of type string"),
        Step(
            method: "POST", target: "/unfollow", body: #"{"followed":"gigi","follower":"liat"}"#,
            answer: "{\"err\":\"unable to unfollow\"}\n"),
        Step(method: "POST", target: "/follow", body: #"{"Followed":"gigi","Follower":"liat"}"#, answer: done),
        Step(
            method: "POST", target: "/follow", body: #"{"followed":"gigi","follower":"liat"}"#,
            answer: "{\"err\":\"liat already follows gigi\"}\n"),
        Step(method: "POST", target: "/follow", body: #"{"FOLLOWED":"gigi","FOLLOWER":"gigi"}"#, answer: done),
        Step(
            method: "GET", target: "/followers/gigi",
            answer: "{\"followers\":{\"gigi\":true,\"liat\":true},\"err\":\"\"}\n"),
        Step(method: "GET", target: "/following/liat", answer: "{\"following\":{\"gigi\":true},\"err\":\"\"}\n"),
        Step(method: "GET", target: "/followers/liat", answer: "{\"followers\":{},\"err\":\"\"}\n"),
        Step(method: "GET", target: "/following/nobody", answer: "{\"following\":{},\"err\":\"\"}\n"),
        Step(method: "POST", target: "/unfollow", body: #"{"followed":"gigi","follower":"liat"}"#, answer: done),
        Step(method: "GET", target: "/following/liat", answer: "{\"following\":{},\"err\":\"\"}\n"),
        // A name is decoded twice: escaped once, a percent sign is an error and a slash another path.
        Step(method: "POST", target: "/follow", body: #"{"followed":"50%/x y","follower":"é"}"#, answer: done),
        Step(
            method: "GET", target: "/followers/50%2525%252Fx%2520y",
            answer: "{\"followers\":{\"é\":true},\"err\":\"\"}\n"),
        Step(method: "GET", target: "/followers/50%25", status: 500, answer: "invalid URL escape \"%\""),
        Step(method: "GET", target: "/followers/50%2Fx", status: 404, answer: "404 page not found\n"),
        Step(
            method: "GET", target: "/following/%C3%A9",
            answer: "{\"following\":{\"50%/x y\":true},\"err\":\"\"}\n"),
        Step(
            method: "GET", target: "/following/%25C3%25A9",
            answer: "{\"following\":{\"50%/x y\":true},\"err\":\"\"}\n"),
        Step(method: "GET", target: "/followers/", status: 404, answer: "404 page not found\n"),
        Step(method: "GET", target: "/followers", status: 404, answer: "404 page not found\n"),
        Step(method: "GET", target: "/follow", status: 405, answer: ""),
        Step(method: "HEAD", target: "/followers/gigi", status: 405, answer: ""),
        Step(method: "DELETE", target: "/following/gigi", status: 405, answer: ""),
        Step(method: "GET", target: "/healthz", answer: "ok\n"),
        Step(method: "GET", target: "/readyz", answer: "ok\n"),
        Step(method: "GET", target: "/", answer: "social-graph-manager \(banner)\n"),
    ]

    @Test(arguments: [false, true])
    func answersAsTheTableSays(chunked: Bool) async throws {
        try await withService(try describe()) { port in
            try await expect(Self.steps, on: port, chunked: chunked)
        }
    }

    @Test func onlyFollowersIsGuarded() async throws {
        try await withTemporaryFile("link-manager: 123\nnews-manager: other\n") { path in
            let description = try describe(["DELINKCIOUS_MUTUAL_AUTH": "", "DELINKCIOUS_MUTUAL_AUTH_FILE": path])
            try await withService(description) { port in
                let cases: [([String], Int, String)] = [
                    ([], 500, "missing caller token"),
                    (["Delinkcious-Caller-Token: "], 500, "missing caller token"),
                    (["Delinkcious-Caller-Token: 124"], 500, "unauthorized caller"),
                    (["Delinkcious-Caller-Token: other"], 500, "unauthorized caller"),
                    (["Delinkcious-Caller-Token: 123"], 200, "{\"followers\":{},\"err\":\"\"}\n"),
                    (["DELINKCIOUS-CALLER-TOKEN: 123"], 200, "{\"followers\":{},\"err\":\"\"}\n"),
                ]
                for (headers, status, body) in cases {
                    let reply = try await RawHTTP.call(port, "GET", "/followers/gigi", headers: headers)
                    #expect(reply.status == status, "\(headers)")
                    #expect(reply.body == body, "\(headers)")
                }
                #expect(try await RawHTTP.call(port, "GET", "/following/gigi").status == 200)
                let follow = try await RawHTTP.call(port, "POST", "/follow", #"{"followed":"a","follower":"b"}"#)
                #expect(follow.body == Self.done)
            }
        }
    }

    @Test func aMissingOrBrokenTokenFileIsFatal() async throws {
        let missing = ["DELINKCIOUS_MUTUAL_AUTH": "", "DELINKCIOUS_MUTUAL_AUTH_FILE": "/no/such/file"]
        let error = #expect(throws: (any Error).self) { try describe(missing) }
        #expect(error.map { "\($0)".hasPrefix("/no/such/file: No such file or directory") } == true)
        try await withTemporaryFile("link-manager: [1]\n") { path in
            let broken = ["DELINKCIOUS_MUTUAL_AUTH": "", "DELINKCIOUS_MUTUAL_AUTH_FILE": path]
            let error = #expect(throws: (any Error).self) { try describe(broken) }
            #expect(error.map { "\($0)" } == "\(path): line 1: only plain and quoted scalars are understood")
        }
    }
}
