// SPDX-License-Identifier: Apache-2.0

import SyncProtocol
import Testing

@Suite("path rules")
struct PathRulesTests {
    static let long = String(repeating: "a", count: 256)
    static let rows: [(path: String, problem: PathRules.Problem?)] = [
        ("/app/x", nil), ("/a", nil), ("/app/new\nline", nil), ("/app/-rf", nil), ("/app/..x", nil),
        ("/app/...", nil), ("/app/.hidden", nil), ("/" + long.dropLast(), nil), ("/process/x", nil),
        ("", .empty), ("a", .relative), ("./a", .relative), ("/a\0", .containsNul),
        ("/", .notNormal), ("/a/", .notNormal), ("/a//b", .notNormal), ("/a/./b", .notNormal), ("/..", .notNormal),
        ("/a/../b", .notNormal), ("//a", .notNormal), ("/" + long, .tooLong),
        (String(repeating: "/abcdefg", count: 512), .tooLong),
        ("/proc/1/mem", .reserved), ("/sys", .reserved), ("/dev/null", .reserved),
        ("/devloop/app/.devloop/record", .reserved), ("/x/.devloop-1-2", .reserved),
    ]

    @Test(arguments: rows)
    func checks(path: String, problem: PathRules.Problem?) {
        #expect(PathRules.problem(with: Array(path.utf8)) == problem)
    }

    @Test("bytes that are no UTF-8 are legal")
    func bytes() { #expect(PathRules.problem(with: [0x2F, 0xFF, 0xC0]) == nil) }

    @Test(
        "below", arguments: [("/a/b", "/a", true), ("/a", "/a", false), ("/ab", "/a", false), ("/a/", "/a", false)])
    func below(path: String, folder: String, isBelow: Bool) {
        #expect(PathRules.isBelow(Array(path.utf8), Array(folder.utf8)) == isBelow)
    }

    @Test(
        "the name in a folder",
        arguments: [
            ("/a/b", "/a", "b"), ("/b", "", "b"), ("/a/b/c", "/a", nil), ("/a", "/a", nil), ("/ab/c", "/a", nil),
            ("/a/", "/a", nil), ("/a/b", "/a/b/c", nil),
        ] as [(String, String, String?)])
    func name(path: String, folder: String, name: String?) {
        let found = PathRules.name(of: Array(path.utf8), in: Array(folder.utf8))
        #expect(found == name.map { Array($0.utf8) })
    }
}
