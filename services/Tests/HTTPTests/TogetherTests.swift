// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing

@testable import link_service
@testable import social_graph_service

/// Both services: link asks social behind the back of the request.
@Suite(.timeLimit(.minutes(1))) struct TogetherTests {
    private func link(_ socialPort: Int, _ log: LogLines, _ extra: [String: String] = [:]) throws -> ServiceDescription
    {
        let settings = [
            "PORT": "0", "LISTEN_HOST": "127.0.0.1", "STORE": "memory", "DELINKCIOUS_MUTUAL_AUTH": "false",
            "SOCIAL_GRAPH_MANAGER_SERVICE_HOST": "127.0.0.1", "SOCIAL_GRAPH_MANAGER_SERVICE_PORT": "\(socialPort)",
        ]
        return try LinkProgram.describe(
            Settings(settings.merging(extra) { $1 }),
            log: ServiceLog(name: "link manager", style: .json, write: log.write))
    }

    private func social(_ extra: [String: String] = [:]) throws -> ServiceDescription {
        let settings = ["PORT": "0", "LISTEN_HOST": "127.0.0.1", "STORE": "memory", "DELINKCIOUS_MUTUAL_AUTH": "false"]
        return try SocialGraphProgram.describe(
            Settings(settings.merging(extra) { $1 }),
            log: ServiceLog(name: "social graph manager", style: .plain, write: LogLines().write))
    }

    /// Polls the log; the suite's time limit is the deadline.
    private func wait(for text: String, in log: LogLines) async throws -> String {
        while true {
            if let line = log.all.first(where: { $0.contains(text) }) { return line }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func everyChangeAsksForTheFollowers() async throws {
        let log = LogLines()
        try await withService(try social()) { socialPort in
            for follower in ["liat", "guy"] {
                let body = #"{"followed":"50%/é","follower":"\#(follower)"}"#
                _ = try await RawHTTP.call(socialPort, "POST", "/follow", body)
            }
            try await withService(try link(socialPort, log)) { port in
                let body = #"{"url":"u","username":"50%/é"}"#
                for method in ["POST", "PUT"] {
                    #expect(try await RawHTTP.call(port, method, "/links", body).status == 200)
                }
                let target = "/links?url=u&username=50%25%2F%C3%A9"
                #expect(try await RawHTTP.call(port, "DELETE", target).status == 200)
                for kind in ["added", "updated", "deleted"] {
                    let line = try await wait(for: "link \(kind)", in: log)
                    #expect(line.contains(#""followers":2"#))
                }
            }
        }
    }

    @Test func theTokenIsSent() async throws {
        let log = LogLines()
        let on = ["DELINKCIOUS_MUTUAL_AUTH": "true"]
        try await withTemporaryFile("link-manager: \"12 3\"\n") { socialFile in
            try await withTemporaryFile("social-graph-manager: 12 3\n") { linkFile in
                let guarded = try social(on.merging(["DELINKCIOUS_MUTUAL_AUTH_FILE": socialFile]) { $1 })
                try await withService(guarded) { socialPort in
                    let caller = try link(
                        socialPort, log, on.merging(["DELINKCIOUS_MUTUAL_AUTH_FILE": linkFile]) { $1 })
                    try await withService(caller) { port in
                        _ = try await RawHTTP.call(port, "POST", "/links", #"{"url":"u","username":"gigi"}"#)
                        #expect(try await wait(for: "link added", in: log).contains(#""followers":0"#))
                    }
                }
            }
        }
    }

    @Test func aSocialGraphThatIsDownFailsNoRequest() async throws {
        let log = LogLines()
        // Nothing listens on port 1.
        try await withService(try link(1, log)) { port in
            #expect(try await RawHTTP.call(port, "POST", "/links", #"{"url":"u","username":"gigi"}"#).status == 200)
            let line = try await wait(for: "followers unknown, trying again", in: log)
            #expect(line.contains("127.0.0.1:1"))
            #expect(try await RawHTTP.call(port, "GET", "/links?username=gigi").body.contains(#""Url":"u""#))
        }
    }

    @Test func aSocialGraphThatRefusesIsReported() async throws {
        let log = LogLines()
        try await withTemporaryFile("link-manager: 1\n") { path in
            let guarded = try social(["DELINKCIOUS_MUTUAL_AUTH": "", "DELINKCIOUS_MUTUAL_AUTH_FILE": path])
            try await withService(guarded) { socialPort in
                try await withService(try link(socialPort, log)) { port in
                    _ = try await RawHTTP.call(port, "POST", "/links", #"{"url":"u","username":"gigi"}"#)
                    let line = try await wait(for: "trying again", in: log)
                    #expect(line.contains("status 500: missing caller token"))
                }
            }
        }
    }
}
