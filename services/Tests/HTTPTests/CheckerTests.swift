// SPDX-License-Identifier: Apache-2.0

import Bus
import ServiceKit
import Testing
import Wire

@testable import link_checker
@testable import link_service
@testable import social_graph_service

@Suite(.timeLimit(.minutes(1))) struct CheckerTests {
    /// A site with a page, a page that is gone, one that leads to the page, and one that leads to itself.
    private static let site = ServiceDescription(
        name: "site", banner: "stub", host: "127.0.0.1", port: 0, log: GatewayTests.quiet,
        routes: [
            Route("HEAD", "/page") { _ in .text("") },
            Route("HEAD", "/gone") { _ in .line("gone", status: 410) },
            Route("HEAD", "/moved") { _ in .redirect(to: "/page") },
            Route("HEAD", "/round") { _ in .redirect(to: "/round") },
        ])

    static let steps = [
        Step(method: "POST", target: "/", status: 400, answer: "EOF\n"),
        Step(
            method: "POST", target: "/", body: #"{"Username":"gigi"}"#, status: 400,
            answer: "the URL can't be empty\n"),
        Step(
            method: "POST", target: "/", body: #"{"Url":"u"}"#, status: 400,
            answer: "the user name can't be empty\n"),
        Step(method: "PUT", target: "/", status: 405, answer: ""),
        Step(method: "POST", target: "/x", status: 404, answer: "404 page not found\n"),
        Step(method: "GET", target: "/healthz", answer: "ok\n"),
        Step(method: "GET", target: "/readyz", answer: "ok\n"),
        Step(method: "GET", target: "/", answer: "link-checker \(link_checker.banner)\n"),
    ]

    private func checker(_ bus: any MessageBus) throws -> ServiceDescription {
        try CheckerProgram.describe(
            Settings(GatewayTests.base.merging(["CHECK_TIMEOUT_SECONDS": "5"]) { $1 }), log: GatewayTests.quiet,
            bus: bus)
    }

    @Test func itAnswersAsTheTableSaysAndTellsTheBus() async throws {
        let bus = MemoryBus()
        let results = try await bus.messages(on: "link-check-events", queue: "the-queue")
        let description = try checker(bus)
        try await withService(Self.site) { site in
            try await withService(description) { port in
                try await expect(Self.steps, on: port)
                let cases = [
                    ("http://127.0.0.1:\(site)/page", "valid"), ("http://127.0.0.1:\(site)/gone", "invalid"),
                    ("http://127.0.0.1:\(site)/none", "invalid"), ("http://127.0.0.1:\(site)/moved", "valid"),
                    ("http://127.0.0.1:\(site)/round", "invalid"), ("http://127.0.0.1:1/", "invalid"),
                    ("file:///etc/passwd", "invalid"), ("no address", "invalid"),
                ]
                var messages = results.makeAsyncIterator()
                for (url, status) in cases {
                    let reply = try await RawHTTP.chunked(port, "POST", "/", #"{"url":"\#(url)","username":"gigi"}"#)
                    #expect(reply.status == 200, "\(url)")
                    #expect(reply.body.isEmpty)
                    let message = await messages.next().map { String(decoding: $0, as: UTF8.self) }
                    #expect(message == #"{"Username":"gigi","Url":"\#(url)","Status":"\#(status)"}"#)
                }
            }
        }
    }

    @Test func aNewLinkBecomesValidOrInvalid() async throws {
        let bus = MemoryBus()
        let checker = try checker(bus)
        try await withService(Self.site) { site in
            try await withService(checker) { checkerPort in
                let link = try LinkProgram.describe(
                    Settings(GatewayTests.base.merging(["LINK_CHECKER_URL": "http://127.0.0.1:\(checkerPort)"]) { $1 }),
                    log: GatewayTests.quiet, bus: bus)
                try await withService(link) { port in
                    for (path, status) in [("page", "valid"), ("gone", "invalid")] {
                        let url = "http://127.0.0.1:\(site)/\(path)"
                        let add = try await RawHTTP.call(
                            port, "POST", "/links", #"{"url":"\#(url)","username":"gigi"}"#)
                        #expect(add.status == 200)
                        try await until {
                            try await RawHTTP.call(port, "GET", "/links?username=gigi&url=\(path)").body
                                .contains("\"Status\":\"\(status)\"")
                        }
                    }
                }
            }
        }
    }

    @Test func aStatusOnTheBusIsTakenAndWhatIsNoneIsDropped() async throws {
        let bus = MemoryBus()
        let log = LogLines()
        let link = try LinkProgram.describe(
            Settings(GatewayTests.base), log: ServiceLog(name: "link", style: .json, write: log.write), bus: bus)
        try await withService(link) { port in
            _ = try await RawHTTP.call(port, "POST", "/links", #"{"url":"u","username":"gigi"}"#)
            for status in ["valid", "valid", "invalid"] {
                for message in [
                    "oops", #"{"Username":"gigi","Url":"u","Status":"dead"}"#,
                    #"{"Username":"gigi","Url":"none","Status":"\#(status)"}"#,
                    #"{"username":"gigi","URL":"u","status":"\#(status)"}"#,
                ] {
                    // The service subscribes a moment after it listens.
                    try await until {
                        try await bus.publish(Array(message.utf8), on: Subject.linkChecks)
                        return message.hasPrefix("{\"user")
                            ? try await RawHTTP.call(port, "GET", "/links?username=gigi").body
                                .contains("\"Status\":\"\(status)\"")
                            : true
                    }
                }
            }
            try await until { log.all.contains { $0.contains("there is no status \\\"dead\\\"") } }
        }
    }

    @Test(arguments: ["checker:80", "https://checker/", "http://", "http://a:b/"])
    func anAddressThatIsNoneIsFatal(url: String) {
        let error = #expect(throws: (any Error).self) {
            try LinkProgram.describe(
                Settings(GatewayTests.base.merging(["LINK_CHECKER_URL": url]) { $1 }), log: GatewayTests.quiet)
        }
        #expect(error.map { "\($0)" } == "LINK_CHECKER_URL=\(url): not an address like http://host:port/")
    }
}

/// Polls until `condition` holds; the suite's time limit is the deadline.
func until(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(5)) }
}
