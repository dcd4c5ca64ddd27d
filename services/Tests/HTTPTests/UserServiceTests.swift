// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing

@testable import user_service

@Suite(.timeLimit(.minutes(1))) struct UserServiceTests {
    static func describe(_ extra: [String: String] = [:]) throws -> ServiceDescription {
        let settings = ["PORT": "0", "LISTEN_HOST": "127.0.0.1", "STORE": "memory"]
        return try UserProgram.describe(
            Settings(settings.merging(extra) { $1 }),
            log: ServiceLog(name: "user manager", style: .plain, write: LogLines().write))
    }

    /// What both stores answer. Sessions are cut out of bodies before they are compared.
    static let common = [
        Step(method: "POST", target: "/register", body: "{}", answer: "{\"err\":\"invalid user name\"}\n"),
        Step(
            method: "POST", target: "/register", body: #"{"Username":"gigi","EMAIL":"g@x","more":[1]} trailing"#,
            answer: done),
        Step(
            method: "POST", target: "/register", body: #"{"username":"gigi","email":"h@x"}"#,
            answer: "{\"err\":\"user already registered\"}\n"),
        Step(
            method: "POST", target: "/register", body: #"{"username":"liat","email":"g@x"}"#,
            answer: "{\"err\":\"email already registered\"}\n"),
        Step(method: "POST", target: "/register", body: #"{"username":"liat","email":null}"#, answer: done),
        Step(
            method: "POST", target: "/register", body: #"{"username":"guy"}"#,
            answer: "{\"err\":\"email already registered\"}\n"),
        Step(
            method: "POST", target: "/login", body: #"{"username":"","authToken":"t"}"#,
            answer: "{\"session\":\"\",\"err\":\"username can't be empty\"}\n"),
        Step(
            method: "POST", target: "/logout", body: #"{"username":"gigi","session":"1"}"#,
            answer: "{\"err\":\"User is not logged in\"}\n"),
        Step(
            method: "POST", target: "/login", body: #"{"userName":"gigi","AuthToken":"any"}"#,
            answer: "{\"session\":\"<session>\",\"err\":\"\"}\n"),
        Step(
            method: "POST", target: "/login", body: #"{"username":"gigi"}"#,
            answer: "{\"session\":\"\",\"err\":\"user already logged in\"}\n"),
        Step(
            method: "POST", target: "/logout", body: #"{"username":"gigi","session":"1"}"#,
            answer: "{\"err\":\"Invalid session\"}\n"),
        Step(method: "POST", target: "/register", status: 500, answer: "EOF"),
        Step(
            method: "POST", target: "/login", body: #"{"username":"gigi","authToken":7}"#, status: 500,
            answer: "json: cannot unmarshal number into field authToken of type string"),
        Step(
            method: "POST", target: "/logout", body: "[]", status: 500,
            answer: "json: cannot unmarshal array into a request object"),
        Step(method: "GET", target: "/register", status: 405, answer: ""),
        Step(method: "HEAD", target: "/login", status: 405, answer: ""),
        Step(method: "PUT", target: "/logout", status: 405, answer: ""),
        Step(method: "POST", target: "/register/", status: 404, answer: "404 page not found\n"),
        Step(method: "GET", target: "/metrics", status: 404, answer: "404 page not found\n"),
        Step(method: "GET", target: "/healthz", answer: "ok\n"),
        Step(method: "GET", target: "/readyz", answer: "ok\n"),
        Step(method: "GET", target: "/", answer: "user-manager \(banner)\n"),
    ]
    static let done = "{\"err\":\"\"}\n"
    static let nobody = #"{"username":"nobody"}"#

    static func withoutSession(_ body: String) -> String {
        body.replacing(/"session":"[1-9]\d{0,18}"/) { _ in "\"session\":\"<session>\"" }
    }

    @Test(arguments: [false, true])
    func answersAsTheTableSays(chunked: Bool) async throws {
        let own = [
            Step(
                method: "POST", target: "/login", body: Self.nobody,
                answer: "{\"session\":\"\",\"err\":\"user not registered\"}\n")
        ]
        try await withService(try Self.describe()) { port in
            try await expect(Self.common + own, on: port, chunked: chunked, normalize: Self.withoutSession)
        }
    }

    @Test func aSecondLoginWorksAfterTheLogout() async throws {
        try await withService(try Self.describe()) { port in try await Self.loginTwice(port) }
    }

    static func loginTwice(_ port: Int) async throws {
        _ = try await RawHTTP.call(port, "POST", "/register", #"{"username":"moshe","email":"m@x"}"#)
        for _ in 0..<2 {
            let login = try await RawHTTP.call(port, "POST", "/login", #"{"username":"moshe","authToken":"x"}"#)
            let session = try #require(login.body.firstMatch(of: /"session":"(\d+)"/)?.1)
            let body = #"{"username":"moshe","session":"\#(session)"}"#
            #expect(try await RawHTTP.call(port, "POST", "/logout", body).body == done)
        }
    }
}
