// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing
import YAMLTree

/// Structure: documents, anchors, merge keys, places and limits.
struct YAMLParseTests {
    @Test(
        arguments: [
            ("", []), ("# only a comment\n", []), ("---\n", [nil]),
            ("a: 1\n---\n---\nb: 2\n...\n", [["a": 1], nil, ["b": 2]]),
            ("{a: [1, 2, {b: c}], \"d\": null}", [["a": [1, 2, ["b": "c"]], "d": nil]]),
            ("- a\n- - b\n  - c\n-\n  d: e\n", [["a", ["b", "c"], ["d": "e"]]]),
            ("\u{FEFF}a: 1\r\nb: 2\r\n", [["a": 1, "b": 2]]),
            ("text: |\n  one\n   two\n\nfolded: >\n  a\n  b\n", [["text": "one\n two\n", "folded": "a b\n"]]),
            ("a: \"\\u00e9\\x41\\n\"\nb: 'it''s'\n", [["a": "éA\n", "b": "it's"]]),
            // anchors
            ("a: &x [1]\nb: *x\nc: &x 2\nd: *x\n", [["a": [1], "b": [1], "c": 2, "d": 2]]),
            // merge keys: explicit keys win wherever they stand, earlier sources win over later ones
            ("base: &b {x: 1, w: 2}\nv:\n  <<: *b\n  x: 3\n", [["base": ["x": 1, "w": 2], "v": ["x": 3, "w": 2]]]),
            ("v:\n  x: 3\n  <<: {x: 1, z: 4}\n", [["v": ["x": 3, "z": 4]]]),
            ("v:\n  <<: [{x: 1}, {x: 2, z: 3}]\n", [["v": ["x": 1, "z": 3]]]),
            ("v:\n  \"<<\": 1\n", [["v": ["<<": 1]]]),
        ] as [(String, [JSONValue])])
    func reads(text: String, want: [JSONValue]) throws {
        #expect(try YAML.json(text, file: "t.yaml") == want)
    }

    /// What a parser notices late is seldom where the mistake is.
    private static let look = "look at brackets, quotes and indentation here and on the lines above"

    struct Failure: Sendable, CustomTestStringConvertible {
        var text: String
        var message: String
        var line: Int
        var column: Int
        var hint: String?
        var testDescription: String { message }

        init(_ text: String, _ message: String, _ line: Int, _ column: Int, hint: String? = nil) {
            (self.text, self.message, self.line, self.column, self.hint) = (text, message, line, column, hint)
        }
    }

    @Test(arguments: [
        Failure("a: 1\nb: 2\na: 3\n", "duplicate key \"a\"", 3, 1, hint: "the first one is on line 1"),
        Failure("1: a\n'1': b\n", "duplicate key \"1\"", 2, 1, hint: "the first one is on line 1"),
        Failure("a: *nope\n", "unknown anchor \"nope\"", 1, 4),
        Failure("a: &x\n  b: *x\n", "anchor \"x\" contains itself", 2, 6),
        Failure("a: 1\n---\nb: *x\nc: &x 1\n", "unknown anchor \"x\"", 3, 4),
        Failure("v:\n  <<: 1\n", "\"<<\" needs a mapping or a list of mappings", 2, 7),
        Failure("v:\n  <<: [{a: 1}, 2]\n", "\"<<\" needs a mapping or a list of mappings", 2, 16),
        Failure("a: b: c\n", "mapping values are not allowed in this context", 1, 5, hint: Self.look),
        Failure(
            "a: [1, 2\nb: 3\n", "did not find expected ',' or ']' while parsing a flow sequence that starts on line 1",
            2, 2, hint: Self.look),
        Failure(
            "a:\n\tb: 1\n", "found character that cannot start any token while scanning for the next token", 2, 1,
            hint: "indent with spaces; YAML does not allow tabs there"),
        Failure(
            "a: \"x\n", "found unexpected end of stream while scanning a quoted scalar that starts on line 1", 2, 1,
            hint: Self.look),
        Failure(
            "{\n\t\"a\": \"\\ud83d\"}", "found invalid Unicode character escape code while parsing a quoted scalar", 2,
            10, hint: Self.look),
    ])
    func failsWithPlace(_ failure: Failure) {
        let error = #expect(throws: DevloopError.self) { try YAML.parse(failure.text, file: "dir/t.yaml") }
        #expect(error?.message == failure.message)
        #expect(error?.location == SourceLocation(file: "dir/t.yaml", line: failure.line, column: failure.column))
        #expect(error?.hint == failure.hint)
        #expect(error?.code == .yaml)
    }

    @Test func invalidUTF8HasAPlace() {
        let error = #expect(throws: DevloopError.self) {
            try YAML.parse(Array("ab: 1\nc: ".utf8) + [0xFF, 0xFE], file: "t.yaml")
        }
        #expect(error?.location == SourceLocation(file: "t.yaml", line: 2, column: 4))
    }

    @Test func nodesKnowTheirPlaces() throws {
        let documents = try YAML.parse("# head\n---\n\nkind: Pod\nitems:\n- é: 1\n---\nkind: Two\n", file: "t.yaml")
        #expect(documents.map(\.line) == [4, 8])
        let item = try #require(documents.first?.root["items"]?.sequence?.first)
        #expect(item.mapping?.first?.key.location == SourceLocation(file: "t.yaml", line: 6, column: 3))
        #expect(item.mapping?.first?.value.location == SourceLocation(file: "t.yaml", line: 6, column: 6))
    }

    @Test func keepsTheOrderOfKeys() throws {
        #expect(try YAML.json("z: 1\na: 2\nm: 3\n", file: "t.yaml").first?.object?.keys == ["z", "a", "m"])
    }

    @Test func refusesAliasBombs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let error = #expect(throws: DevloopError.self) { try YAML.parse(text, file: "bomb.yaml") }
        #expect(error?.message == "aliases expand to more than 400000 values")
        #expect(error?.location?.line == 6)
    }

    @Test func refusesDepthAlsoThroughAliases() throws {
        func nested(_ count: Int, _ inner: String) -> String {
            String(repeating: "[", count: count) + inner + String(repeating: "]", count: count)
        }
        #expect(try YAML.parse(nested(510, "1"), file: "t.yaml").count == 1)
        for text in [nested(513, "1"), "a: &a \(nested(400, "1"))\nb: \(nested(200, "*a"))\n"] {
            let error = #expect(throws: DevloopError.self) { try YAML.parse(text, file: "t.yaml") }
            #expect(error?.message == "nested more than 512 levels deep")
        }
    }
}
