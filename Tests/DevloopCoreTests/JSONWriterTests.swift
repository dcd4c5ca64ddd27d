// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@Suite struct JSONWriterTests {
    @Test(
        arguments: [
            ("null", nil), ("true", true), ("-9223372036854775808", .int(.min)), ("1.0", .double(1)),
            ("0.1", .double(0.1)), ("1e+100", .double(1e100)), ("null", .double(.infinity)), ("null", .double(.nan)),
            (#""\"\\/\n\r\t""#, "\"\\/\n\r\t"), (#""\u0000\u001b\u007f""#, "\0\u{1B}\u{7F}"), (#""é😀""#, "é😀"),
            ("[]", []), ("{}", [:]), (#"{"b":[1,{"a":null}],"a":""}"#, ["b": [1, ["a": nil]], "a": ""]),
        ] as [(String, JSONValue)])
    func writesOneLine(_ text: String, _ value: JSONValue) { #expect(value.jsonText == text) }

    @Test(
        arguments: [
            nil, false, .int(.max), .double(-0.0), .double(1 / 3), .double(.leastNonzeroMagnitude),
            .double(.greatestFiniteMagnitude), "", "a\u{1}\u{2028}\"\\", [[], [[]], [:]],
            ["z": 1, "a": ["k": "v", "": nil], "ä": [true, .double(2.5)]],
        ] as [JSONValue])
    func comesBackAsItWas(_ value: JSONValue) throws {
        #expect(try JSONValue(parsing: value.jsonText) == value)
        #expect(try JSONValue(parsing: value.prettyText) == value)
        #expect(try JSONValue(parsing: value.jsonText).jsonText == value.jsonText, "the order of keys stays")
    }

    @Test func indentsForPeople() {
        let value: JSONValue = ["a": [1, [:]], "b": []]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    {}
                  ],
                  "b": []
                }
                """)
    }
}
