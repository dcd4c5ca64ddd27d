// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing
import YAMLTree

struct YAMLEmitTests {
    @Test func writesBlockStyle() {
        let value: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a", "labels": [:]],
            "list": [1, "x", [2], ["k": [true]]],
            "data": ["text": "one\ntwo\n", "port": "8080", "empty": "", "none": nil],
        ]
        #expect(
            YAML.emit([value, "next"]) == """
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: a
                  labels: {}
                list:
                - 1
                - x
                - - 2
                - k:
                  - true
                data:
                  text: |
                    one
                    two
                  port: "8080"
                  empty: ""
                  none: null
                ---
                next

                """)
    }

    @Test(arguments: [
        "yes", "y", "null", "~", "", "0777", "1e3", "12:30", "2001-01-01", "- a", "a: b", "a:", "a #b", "#a", " a",
        "a ",
        "a\nb", "a\nb\n", "a\n\nb\n\n", "\na", "  a\nb", "a\n  b\n", "a\tb", "\ta", "é", "\u{2028}x", "\u{85}",
        "\u{FEFF}",
        "\u{7F}\u{1}", "😀", "\r\n", "[a]", "{a}", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`", "'a'", "\"a\"", "?",
        "? a",
        "<<", "=", "---", "...", "--- a", "a,b", "v1.2.3", "10.0.0.1", "1.5Gi", "100m", "C:\\x", "http://x/y?z#w", "\\",
        "a: ",
        "a\n\n", "\n", "\n\n",
    ])
    func stringsComeBack(text: String) throws {
        let value: JSONValue = ["k": .string(text), "l": [.string(text)], "n": ["m": .string(text)]]
        let keyed: JSONValue = .object(JSONObject([(text, 1)]))
        let written = YAML.emit([value, keyed, .string(text)])
        #expect(try YAML.json(written, file: "t.yaml") == [value, keyed, .string(text)], "\(written)")
    }

    @Test(
        arguments: [
            nil, true, .int(.min), .double(0.1), .double(1e300), .double(-2.5e-7), [], [:], [[], [:], [[]]],
            [["a": [:]], ["b": []]],
        ] as [JSONValue])
    func valuesComeBack(value: JSONValue) throws {
        #expect(try YAML.json(YAML.emit([value]), file: "t.yaml") == [value])
        #expect(try YAML.json(YAML.emit([["k": value]]), file: "t.yaml") == [["k": value]])
    }
}
