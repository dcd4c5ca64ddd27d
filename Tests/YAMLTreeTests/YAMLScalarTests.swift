// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing
import YAMLTree

/// What single scalars mean, compared with Kubernetes' YAML library.
struct YAMLScalarTests {
    @Test(
        arguments: [
            // words
            ("true", true), ("True", true), ("TRUE", true), ("yes", true), ("Yes", true), ("on", true), ("ON", true),
            ("y", true), ("Y", true), ("false", false), ("no", false), ("NO", false), ("off", false), ("Off", false),
            ("n", false), ("N", false), ("tRue", "tRue"), ("yEs", "yEs"), ("oN", "oN"),
            ("null", nil), ("Null", nil), ("NULL", nil), ("~", nil), ("", nil), ("nUll", "nUll"), ("none", "none"),
            // whole numbers
            ("0", 0), ("-0", 0), ("+7", 7), ("-12", -12), ("0777", 511), ("0o777", 511), ("-010", -8), ("0x1F", 31),
            ("-0x1f", -31), ("0b101", 5), ("-0b11", -3), ("1_000_000", 1_000_000), ("0x", "0x"), ("0b2", "0b2"),
            ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1__0", 10), ("--1", "--1"), ("0x-1", "0x-1"),
            ("1a", "1a"), ("1 2", "1 2"), ("+", "+"),
            // fractions
            ("1.5", .double(1.5)), (".5", .double(0.5)), ("+.5", .double(0.5)), ("-1.25e2", -125), ("1.", 1),
            ("1e3", 1000), ("1e-1", .double(0.1)), ("08", 8), ("09.5", .double(9.5)), ("1e", "1e"), (".", "."),
            ("1.2.3", "1.2.3"), ("1e999", "1e999"), ("0x1p3", "0x1p3"), (".e1", ".e1"),
            // no base 60, no dates
            ("12:30", "12:30"), ("1:30:00", "1:30:00"), ("2001-01-01", "2001-01-01"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
            // quoted and block scalars are strings
            ("\"true\"", "true"), ("'12'", "12"), ("''", ""), ("\"\"", ""), ("|-\n  12", "12"), (">-\n  yes", "yes"),
            // tags
            ("!!str 12", "12"), ("!!str", ""), ("!!int \"12\"", 12), ("!!int 0x10", 16), ("!!float 3", 3),
            ("!!bool \"yes\"", true), ("!!null ''", nil), ("!!binary aGk=", "hi"), ("!!binary \"a\\nGk=\"", "hi"),
            ("! 12", "12"), ("!own 12", "12"), ("!!timestamp 2001-01-01", "2001-01-01"),
        ] as [(String, JSONValue)])
    func resolvesAsKubernetesDoes(text: String, want: JSONValue) throws {
        #expect(try YAML.json("v: \(text)\n", file: "t.yaml") == [["v": want]])
    }

    @Test(arguments: [
        ("true", "true"), ("on", "true"), ("no", "false"), ("012", "10"), ("1.5", "1.5"), ("1.0", "1"),
        ("'1.0'", "1.0"),
        ("a b", "a b"), ("\"\"", ""),
    ])
    func keysBecomeText(text: String, want: String) throws {
        #expect(try YAML.json("\(text): 1\n", file: "t.yaml").first?.object?.keys == [want])
    }

    @Test(arguments: [
        ("v: .inf", "inf cannot be expressed in JSON", 1, 4), ("v: .nan", "nan cannot be expressed in JSON", 1, 4),
        ("a: 1\nv: !!int x", "\"x\" is no !!int", 2, 4), ("v: !!bool 3", "\"3\" is no !!bool", 1, 4),
        ("v: !!binary a", "!!binary does not hold base64", 1, 4), ("~: 1", "null cannot be a key here", 1, 1),
        ("? [a, b]\n: 1", "a list or mapping cannot be a key here", 1, 3),
    ])
    func refusesWhatJSONCannotSay(text: String, message: String, line: Int, column: Int) {
        let error = #expect(throws: DevloopError.self) { try YAML.json(text, file: "t.yaml") }
        #expect(error?.message == message)
        #expect(error?.code == .yaml)
        #expect(error?.location == SourceLocation(file: "t.yaml", line: line, column: column))
    }
}
