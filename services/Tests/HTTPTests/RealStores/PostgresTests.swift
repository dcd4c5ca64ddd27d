// SPDX-License-Identifier: Apache-2.0

import PostgresStores
import ServiceKit
import Testing

@testable import link_service
@testable import smoke
@testable import social_graph_service
@testable import user_service

/// Starts one server for all tests of a suite.
struct PostgresTrait: SuiteTrait, TestScoping {
    @TaskLocal static var port = 0

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await RealServer.with(.postgres) { server in
            try await PostgresTrait.$port.withValue(server.port) { try await function() }
        }
    }
}

/// The services on a real PostgreSQL: the same tables as from memory, and what only a database can do.
@Suite(.serialized, PostgresTrait(), .timeLimit(.minutes(3))) struct PostgresTests {
    /// Where the databases are.
    static func stores(_ port: Int) -> [String: String] {
        var settings = ["STORE": "postgres"]
        for name in ["LINK", "USER", "SOCIAL_GRAPH"] {
            settings["\(name)_DB_SERVICE_HOST"] = "127.0.0.1"
            settings["\(name)_DB_SERVICE_PORT"] = "\(port)"
        }
        return settings
    }

    /// Without `STORE`: PostgreSQL is the default.
    static func settings(_ port: Int, _ extra: [String: String] = [:]) -> Settings {
        var settings = stores(port).merging([
            "PORT": "0", "LISTEN_HOST": "127.0.0.1", "DELINKCIOUS_MUTUAL_AUTH": "false",
            "SOCIAL_GRAPH_MANAGER_SERVICE_HOST": "127.0.0.1", "SOCIAL_GRAPH_MANAGER_SERVICE_PORT": "1",
        ]) { $1 }
        settings["STORE"] = nil
        return Settings(settings.merging(extra) { $1 })
    }

    static func link(_ port: Int, _ extra: [String: String] = [:]) throws -> ServiceDescription {
        try LinkProgram.describe(settings(port, extra), log: GatewayTests.quiet)
    }

    @Test(arguments: [false, true]) func linksAnswerAsTheTableSays(chunked: Bool) async throws {
        try await withService(try Self.link(PostgresTrait.port)) { port in
            try await expect(
                LinkServiceTests.steps, on: port, chunked: chunked, normalize: GatewayTests.withoutTimes)
        }
    }

    @Test func usersAnswerAsTheTableSays() async throws {
        let description = try UserProgram.describe(Self.settings(PostgresTrait.port), log: GatewayTests.quiet)
        let own = [
            Step(
                method: "POST", target: "/login", body: UserServiceTests.nobody,
                answer: "{\"session\":\"\",\"err\":\"sql: no rows in result set\"}\n")
        ]
        try await withService(description) { port in
            try await expect(
                UserServiceTests.common + own, on: port, chunked: true, normalize: UserServiceTests.withoutSession)
            try await UserServiceTests.loginTwice(port)
        }
    }

    @Test func theSocialGraphAnswersAsTheTableSays() async throws {
        let description = try SocialGraphProgram.describe(Self.settings(PostgresTrait.port), log: GatewayTests.quiet)
        try await withService(description) { port in
            try await expect(SocialGraphServiceTests.steps, on: port, chunked: true)
        }
    }

    @Test func theSmokeProgramPasses() async throws {
        try await GatewayTests.withGateway(stores: Self.stores(PostgresTrait.port)) { port in
            let gateway = Gateway(caller: HTTPCaller(host: "127.0.0.1", port: port), token: "t1")
            for step in Scenario(gateway: gateway).steps {
                await #expect(throws: Never.self, "\(step.name)") { try await step.run() }
            }
        }
    }

    private static func wipe(_ database: String, _ tables: [String]) async throws {
        let address = PostgresAddress(host: "127.0.0.1", port: PostgresTrait.port, database: database)
        try await PostgresPool(address, log: GatewayTests.quiet).run { session in
            for table in tables { try session.query("DELETE FROM \(table)") }
        }
    }

    /// The original's end-to-end programs empty the tables themselves, between the calls of a running service.
    @Test func theOriginalsProgramsMayWipeTheTables() async throws {
        let settings = Self.settings(PostgresTrait.port)
        try await withService(try Self.link(PostgresTrait.port)) { port in
            let body = #"{"url":"u","username":"wiped","tags":{"a":true}}"#
            for _ in 0..<2 {
                #expect(try await RawHTTP.call(port, "POST", "/links", body).status == 200)
                try await Self.wipe("link_manager", ["tags", "links"])
            }
            let page = try await RawHTTP.call(port, "GET", "/links?username=wiped")
            #expect(page.body == "{\"links\":null,\"err\":\"\"}\n")
        }
        try await withService(try UserProgram.describe(settings, log: GatewayTests.quiet)) { port in
            let user = #"{"username":"wiped","email":"w@x"}"#
            for _ in 0..<2 {
                #expect(try await RawHTTP.call(port, "POST", "/register", user).body == UserServiceTests.done)
                #expect(try await RawHTTP.call(port, "POST", "/login", user).body.contains(#""err":"""#))
                try await Self.wipe("user_manager", ["sessions", "users"])
            }
        }
        try await withService(try SocialGraphProgram.describe(settings, log: GatewayTests.quiet)) { port in
            let pair = #"{"followed":"a","follower":"wiped"}"#
            for _ in 0..<2 {
                #expect(try await RawHTTP.call(port, "POST", "/follow", pair).body == SocialGraphServiceTests.done)
                try await Self.wipe("social_graph_manager", ["social_graph"])
            }
        }
    }

    @Test func pagesLoseAndRepeatNothingWithAPatternToo() async throws {
        try await withService(try Self.link(PostgresTrait.port, ["MAX_LINKS_PER_USER": "300"])) { port in
            // More than one batch of rows, of which every third matches.
            for number in 0..<230 {
                let body = #"{"url":"http://\#(number)","title":"t\#(number % 3)","username":"pages"}"#
                #expect(try await RawHTTP.call(port, "POST", "/links", body).status == 200)
            }
            var (urls, token, pages) = ([String](), "", 0)
            repeat {
                let target = "/links?username=pages&title=t0$&start=\(token)"
                let page = try await RawHTTP.call(port, "GET", target)
                urls += page.body.matches(of: /"Url":"http:\/\/(\d+)"/).map { String($0.1) }
                token = page.body.firstMatch(of: /"NextPageToken":"([^"]+)"/).map { String($0.1) } ?? ""
                pages += 1
            } while !token.isEmpty
            #expect(urls == stride(from: 0, to: 230, by: 3).map(String.init))
            #expect(pages == 8)
        }
    }

    @Test func addsAtTheSameTimeKeepTheLimit() async throws {
        try await withService(try Self.link(PostgresTrait.port)) { port in
            let refused = try await withThrowingTaskGroup { group in
                for number in 0..<30 {
                    group.addTask {
                        let body = #"{"url":"\#(number)","username":"crowd"}"#
                        return try await RawHTTP.call(port, "POST", "/links", body).body
                    }
                }
                return try await group.reduce(into: [String]()) { if $1 != "{\"err\":\"\"}\n" { $0.append($1) } }
            }
            #expect(refused == [String](repeating: "the user has too many links", count: 20))
        }
    }

    @Test func textIsDataWhateverItSays() async throws {
        try await withService(try Self.link(PostgresTrait.port)) { port in
            let name = #"'; DROP TABLE links; -- $1 \\ é😀"#
            let long = String(repeating: "x", count: 20_000)
            for url in [name, long] {
                let add = try await RawHTTP.call(port, "POST", "/links", #"{"url":"\#(url)","username":"data"}"#)
                #expect(add.status == 200, "\(add.body)")
            }
            let page = try await RawHTTP.call(port, "GET", "/links?username=data")
            #expect(page.body.contains("\"Url\":\"\(name)\""))
            #expect(page.body.contains("\"Url\":\"\(long)\""))
            let zero = try await RawHTTP.call(port, "POST", "/links", #"{"url":"a\u0000b","username":"data"}"#)
            #expect(zero.status == 500)
            #expect(zero.body == "the database refused the request")
        }
    }

    @Test func manyProgramsMayStartAtOnceOnAnEmptyServer() async throws {
        try await RealServer.with(.postgres) { server in
            try await withThrowingTaskGroup { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await withService(try Self.link(server.port)) { port in
                            let reply = try await RawHTTP.call(port, "GET", "/readyz")
                            #expect(reply.status == 200)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aServerThatComesLateIsWaitedForAndOneThatGoesIsFoundAgain() async throws {
        try await RealServer.with(.postgres, started: false) { server in
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await withService(try Self.link(server.port)) { port in
                        let body = #"{"url":"u","username":"gigi"}"#
                        #expect(try await RawHTTP.call(port, "POST", "/links", body).status == 200)
                        try await server.stop()
                        let refusal = try await RawHTTP.call(port, "GET", "/links?username=gigi")
                        #expect(refusal.status == 500)
                        #expect(refusal.body == "the database does not answer")
                        #expect(try await RawHTTP.call(port, "GET", "/healthz").status == 200)
                        try await server.start()
                        // It listens while it still recovers.
                        try await until {
                            try await RawHTTP.call(port, "GET", "/links?username=gigi").body
                                .contains("\"Url\":\"u\"")
                        }
                    }
                }
                try await server.start()
                try await group.waitForAll()
            }
        }
    }

    @Test func aWrongPasswordAndAnAbsentServerAreSaidAndEndTheStart() async throws {
        let cases = [
            (PostgresTrait.port, "wrong", "password authentication failed"), (1, "postgres", "Connection refused"),
        ]
        for (port, password, want) in cases {
            let settings = Self.settings(
                port,
                [
                    "STORE_PATIENCE_SECONDS": "0", "LINK_DB_PASSWORD": password, "USER_DB_PASSWORD": password,
                    "SOCIAL_GRAPH_DB_PASSWORD": password,
                ])
            let log = GatewayTests.quiet
            for description in [
                try LinkProgram.describe(settings, log: log), try UserProgram.describe(settings, log: log),
                try SocialGraphProgram.describe(settings, log: log),
            ] {
                let error = await #expect(throws: PostgresError.self) { try await withService(description) { _ in } }
                let text = error.map { "\($0)" } ?? ""
                #expect(text.hasPrefix("the database does not answer: ") && text.contains(want), "\(text)")
            }
        }
    }
}
