// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Wire

@testable import link_checker
@testable import link_service
@testable import social_graph_service
@testable import user_service

/// The tables against services that run elsewhere: Pods whose stores are still empty. Their addresses are in
/// `DELINKCIOUS_PODS`, as `link-manager=10.96.0.7:8080,…`; EndToEndTests/DelinkciousTests sets it.
@Suite(.serialized, .enabled(if: Pods.areThere), .timeLimit(.minutes(2))) struct PodTests {
    @Test(arguments: [false, true]) func linksAnswerAsTheTableSays(chunked: Bool) async throws {
        try await Pods.with("link-manager") { port in
            try await expect(LinkServiceTests.steps, on: port, chunked: chunked, normalize: Self.unchecked)
        }
    }

    /// Without times; and where there is a bus, the checker may have looked at an address meanwhile.
    private static func unchecked(_ body: String) -> String {
        GatewayTests.withoutTimes(body).replacing("\"Status\":\"invalid\"", with: "\"Status\":\"pending\"")
    }

    @Test func usersAnswerAsTheTableSays() async throws {
        try await Pods.with("user-manager") { port in
            try await expect(
                UserServiceTests.common, on: port, chunked: true, normalize: UserServiceTests.withoutSession)
            try await UserServiceTests.loginTwice(port)
        }
    }

    @Test func theSocialGraphAnswersAsTheTableSays() async throws {
        try await Pods.with("social-graph-manager") { port in
            try await expect(SocialGraphServiceTests.steps, on: port, chunked: true)
        }
    }

    @Test func theCheckerAnswersAsTheTableSays() async throws {
        try await Pods.with("link-checker") { port in try await expect(CheckerTests.steps, on: port, chunked: true) }
    }

    @Test func newsRefusalsTravelInTheAnswer() async throws {
        try await Pods.with("news-manager") { port in
            #expect(try await news(port, of: "").err == "user name can't be empty")
            #expect(try await news(port, of: "liat", start: "x").err == "invalid start token: x")
            let health = try await GRPCReply.call(port, "/grpc.health.v1.Health/Check", [])
            #expect(health.grpcStatus == "0" && health.message == [0x08, 1])
        }
    }

    /// Its tokens have to be those of the table too.
    @Test func theGatewayAnswersAsTheTableSays() async throws {
        try await Pods.with("api-gateway") { port in
            try await expect(GatewayTests.steps, on: port, chunked: true, normalize: Self.unchecked)
            let login = try await RawHTTP.call(port, "GET", "/login")
            #expect(login.status == 302)
            #expect(login.headers["location"]?.hasPrefix("https://github.com/login/oauth/authorize?client_id=") == true)
        }
    }
}

private enum Pods {
    private static let variable = "DELINKCIOUS_PODS"
    static let areThere = getenv(variable) != nil

    /// Sends what `body` asks to the Pods of a service.
    static func with(_ name: String, _ body: (Int) async throws -> Void) async throws {
        let all = getenv(variable).map { String(cString: $0) } ?? ""
        let entry = all.split(separator: ",").first { $0.hasPrefix("\(name)=") }
        let address = try #require(entry?.dropFirst(name.count + 1).split(separator: ":"), "no address of \(name)")
        let host = String(try #require(address.first))
        let port = try #require(address.last.flatMap { Int($0) })
        try await RawHTTP.$host.withValue(host) { try await body(port) }
    }
}
