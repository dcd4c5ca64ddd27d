// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import ServiceKit
import Synchronization
import Testing
import Wire

@Suite struct ServiceKitTests {
    @Test(arguments: [
        ("link-manager: 123", ["link-manager": "123"]),
        ("a: \"x y\" # note\nb: 'it''s'\n", ["a": "x y", "b": "it's"]),
        ("---\n# comment\n\na:   plain text # note\n...\n", ["a": "plain text"]),
        ("\"a b\": 'c'\n'd': e#f\r\n", ["a b": "c", "d": "e#f"]),
        ("a:\nb: ~\nc: null\nd: true\ne: 0x1F", ["a": "", "b": "", "c": "", "d": "true", "e": "0x1F"]),
        (#"a: "q\"\\\n\t""#, ["a": "q\"\\\n\t"]),
        ("a: http://x:1/y", ["a": "http://x:1/y"]),
        ("a: -x", ["a": "-x"]),
        ("", [:]),
    ])
    func readsNamesAndTokens(text: String, want: [String: String]) throws {
        #expect(try ScalarMap.parse(text) == want)
    }

    @Test(arguments: [
        ("a: 1\n b: 2", "line 2: only \"name: token\" is understood, without indentation"),
        ("- a", "line 1: only plain and quoted scalars are understood"),
        ("a: [1]", "line 1: only plain and quoted scalars are understood"),
        ("a: |", "line 1: only plain and quoted scalars are understood"),
        ("a: &x 1", "line 1: only plain and quoted scalars are understood"),
        ("a", "line 1: a colon is missing after \"a\""),
        ("a: 1\na: 2", "line 2: the key \"a\" is there twice"),
        ("a: 'b", "line 1: the closing ' is missing"),
        ("a: \"b", "line 1: the closing \" is missing"),
        ("a: 'b' c", "line 1: something follows the value"),
        ("a: b: c", "line 1: a second \": \" on the line; quote the value"),
        ("\"a\":b", "line 1: a space is missing after the colon"),
    ])
    func refusesOtherYAMLWithItsLine(text: String, want: String) {
        #expect(throws: DomainError(want)) { try ScalarMap.parse(text) }
    }

    @Test(arguments: [
        ("secret", "link-manager", true), ("secre", "link-manager", false), ("secret2", "link-manager", false),
        ("", "link-manager", false), ("secret", "news-manager", false), ("", "empty", false),
    ])
    func acceptsOnlyTheCallersOwnToken(token: String, caller: String, want: Bool) {
        let auth = MutualAuth(tokens: ["link-manager": "secret", "user-manager": "other", "empty": ""])
        #expect(auth.accepts(token, from: caller) == want)
    }

    @Test func mutualAuthIsOnUnlessItIsFalse() throws {
        #expect(try MutualAuth.load(Settings(["DELINKCIOUS_MUTUAL_AUTH": "false"])) == nil)
        for value in ["true", "0", "False", ""] {
            let settings = Settings(["DELINKCIOUS_MUTUAL_AUTH": value, "DELINKCIOUS_MUTUAL_AUTH_FILE": "/no/such"])
            let error = #expect(throws: DomainError.self) { try MutualAuth.load(settings) }
            #expect(error?.text.hasPrefix("/no/such: No such file or directory; ") == true)
        }
    }

    @Test func settingsReadNumbersAndAddresses() throws {
        let settings = Settings([
            "PORT": "", "N": "12", "BAD": "1x", "FAR": "70000", "A_SERVICE_HOST": "10.0.0.1", "A_SERVICE_PORT": "81",
            "A_FALLBACK_HOST": "a", "B_FALLBACK_HOST": "b",
        ])
        #expect(try settings.port("PORT", default: 8_080) == 8_080)
        #expect(try settings.integer("N", default: 1) == 12)
        #expect(throws: DomainError("BAD=1x: not a whole number")) { try settings.integer("BAD", default: 1) }
        #expect(throws: DomainError("FAR=70000: not a port")) { try settings.port("FAR", default: 1) }
        #expect(try settings.service("A", port: 1) == ("10.0.0.1", 81))
        #expect(try settings.service("B", port: 1) == ("b", 1))
        #expect(try settings.service("C", port: 1) == ("localhost", 1))
    }

    @Test(arguments: [
        ("GET", "/links", "GET /links "), ("POST", "/links", "POST /links "), ("HEAD", "/links", "405 GET,POST"),
        ("get", "/links", "405 GET,POST"), ("GET", "/links/", "404"), ("GET", "//links", "404"), ("GET", "/", "404"),
        ("GET", "/Links", "404"), ("GET", "/l%69nks", "GET /links "), ("GET", "/x/gigi", "GET /x/{name} gigi"),
        ("GET", "/x/", "404"), ("GET", "/x", "404"), ("GET", "/x/a%2Fb", "404"),
        ("GET", "/x/a%252Fb", "GET /x/{name} a%2Fb"),
        ("GET", "/x/%25", "GET /x/{name} %"), ("GET", "/x/%zz", "400"), ("PUT", "/x/a", "405 GET"), ("GET", "", "404"),
    ])
    func routesByTheOriginalsRules(method: String, path: String, want: String) {
        let table = RouteTable(
            [("GET", "/links"), ("POST", "/links"), ("GET", "/x/{name}")].map { method, path in
                Route(method, path) { _ in .notFound }
            })
        let found =
            switch table.match(method: method, path: path) {
            case .route(let route, let parameter): "\(route.method) \(route.path) \(parameter)"
            case .otherMethod(let allowed): "405 \(allowed.joined(separator: ","))"
            case .unknownPath: "404"
            case .badTarget: "400"
            }
        #expect(found == want)
    }

    @Test func plainLogShowsControlCharactersAndDoesNotSendThem() {
        let lines = Mutex<[String]>([])
        let log = ServiceLog(name: "x", style: .plain) { line in lines.withLock { $0.append(line) } }
        log.note("a\u{1b}[2J\nb", ["k": "v\u{1b}"])
        let line = lines.withLock { $0.first ?? "" }
        #expect(line.hasSuffix("x: a\\u{1B}[2J\\nb k=\"v\\u001b\"\n"))
    }

    @Test func jsonLogHasSortedKeys() throws {
        let lines = Mutex<[String]>([])
        let log = ServiceLog(name: "link manager", style: .json) { line in lines.withLock { $0.append(line) } }
        log.note("listening", ["port": "8080"], file: "link_service/Main.swift", line: 7)
        let line = lines.withLock { $0.first ?? "" }
        #expect(
            line.hasPrefix(
                #"{"called from":"Main.swift:7","msg":"listening","port":"8080","service":"link manager","timestamp":""#
            ))
        #expect(line.hasSuffix("Z\"}\n"))
    }
}
