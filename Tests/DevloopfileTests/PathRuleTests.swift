// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan
import Testing

/// Patterns of ignored files, and paths into objects.
struct PathRuleTests {
    /// Patterns relative to `/p`, a path, and whether it is left out.
    @Test(
        arguments: [
            (["*.md"], "/p/a.md", true), (["*.md"], "/p/d/a.md", false), (["**/*.md"], "/p/d/e/a.md", true),
            (["**/*.md"], "/p/a.md", true), (["d"], "/p/d/e/f", true), (["d"], "/p/dd", false),
            (["/d"], "/p/d/x", true),
            (["d/"], "/p/d/x", true), (["./d"], "/p/d", true), (["d/*/f"], "/p/d/e/f", true),
            (["d/*/f"], "/p/d/f", false),
            (["d/**/f"], "/p/d/f", true), (["d/**/f"], "/p/d/a/b/f", true), (["a?c"], "/p/abc", true),
            (["a?c"], "/p/ac", false),
            (["[a-c]x"], "/p/bx", true), (["[^a-c]x"], "/p/bx", false), (["a\\*"], "/p/a*", true),
            (["a\\*"], "/p/ab", false),
            (["*", "!keep"], "/p/keep", false), (["*", "!keep"], "/p/other", true),
            (["d", "!d/keep"], "/p/d/keep", false),
            (["a/../b", "./c//d/"], "/p/b", true), (["./c//d/"], "/p/c/d/e", true), ([" #x"], "/p/#x", true),
            (["d/**"], "/p/d", false), (["d/**"], "/p/d/x/y", true),
            (["!x", "x"], "/p/x", true), (["# note", "", "  x  "], "/p/x", true), (["**"], "/p/anything/at/all", true),
            (["x"], "/q/x", false), (["x"], "/px", false), (["/p/d"], "/p/d/x", true), ([], "/p/x", false),
            (["node_modules"], "/p/node_modules/a/b.js", true), (["*.é"], "/p/a.é", true),
        ] as [([String], String, Bool)])
    func filters(patterns: [String], path: String, want: Bool) {
        var filter = PathFilter()
        filter.add(patterns, relativeTo: "/p")
        #expect(filter.matches(path) == want)
    }

    @Test(arguments: [
        ("{.a.b}", ["1"]), (".a.b", ["1"]), ("a.b", ["1"]), ("$.a.b", ["1"]), ("{.a['b']}", ["1"]),
        ("{.a[\"x.y\"]}", ["2"]), ("{.a.x\\.y}", ["2"]), ("{.list[0].i}", ["3"]), ("{.list[-1].i}", ["4"]),
        ("{.list[*].i}", ["3", "4"]), ("{.list[5].i}", []), ("{..i}", ["3", "4"]),
        ("{.list[?(@.n=='two')].i}", ["4"]), ("{.list[?(@.n == \"one\")].i}", ["3"]), ("{.nope.b}", []),
        ("{.a.*}", ["1", "2"]),
    ])
    func pathsLeadToValues(text: String, want: [String]) throws {
        let path = try #require(JSONPath(text))
        let json: JSONValue = [
            "a": ["b": "1", "x.y": "2"], "list": [["n": "one", "i": "3"], ["n": "two", "i": "4"]],
        ]
        #expect(path.values(in: json).compactMap(\.string) == want)
        // What is put there is found there.
        let changed = path.map(json) { _ in "new" }
        #expect(path.values(in: changed) == Array(repeating: "new", count: want.count))
        #expect(path.map(json) { $0 } == json)
    }

    @Test(arguments: ["", "{}", "{.a[}", "{.a[x]}", "{.a..}", ".a[?(@.n>1)]"])
    func otherTextIsNoPath(text: String) {
        #expect(JSONPath(text) == nil)
    }

    @Test(arguments: [
        ("a", "a"), ("a:v1", "a"), ("r:5000/a", "r:5000/a"), ("r:5000/a:v1", "r:5000/a"), ("x/y/z:t", "x/y/z"),
    ])
    func repositoriesHaveNoTag(ref: String, want: String) {
        let image = Image(ref: ref, builder: .swift(SwiftImage(package: "/", product: "x")))
        #expect(image.repository == want)
    }
}
