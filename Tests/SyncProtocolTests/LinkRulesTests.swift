// SPDX-License-Identifier: Apache-2.0

import SyncProtocol
import Testing

@Suite("which links are carried")
struct LinkRulesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var target: String
        var path = "/app/Public/a/link"
        var root = "/app/Public"
        var problem: LinkRules.Problem?
        var testDescription: String { "\(path) -> \(target) in \(root.isEmpty ? "/" : root)" }
    }

    static let cases: [Case] = [
        Case(target: "page.html"), Case(target: "./page.html"), Case(target: "../b/page.html"), Case(target: ".."),
        Case(target: "x/../../b"), Case(target: "../"), Case(target: "a//b"), Case(target: "link"),
        Case(target: "", problem: .empty), Case(target: "a\0b", problem: .containsNul),
        Case(target: "/etc/passwd", problem: .absolute), Case(target: "/", problem: .absolute),
        Case(target: "../..", problem: .leaves), Case(target: "../../Public/a", problem: .leaves),
        Case(target: "x/../../../y", problem: .leaves),
        Case(target: String(repeating: "n", count: 4_095)),
        Case(target: String(repeating: "n", count: 4_096), problem: .tooLong),
        Case(target: "..", path: "/app/Public/link", problem: .leaves),
        Case(target: "x", path: "/else/link", problem: .leaves),
        Case(target: "../x", path: "/a/link", root: ""),
        Case(target: "../../x", path: "/a/link", root: "", problem: .leaves),
    ]

    @Test("S18 the path that a link holds decides", arguments: cases)
    func decides(_ row: Case) {
        let problem = LinkRules.problem(
            with: Array(row.target.utf8), at: Array(row.path.utf8), inside: Array(row.root.utf8))
        #expect(problem == row.problem)
    }
}
