// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DevloopCore

@Suite struct JSONParserTests {
    @Test(
        arguments: [
            // Words and white space
            ("null", nil), (" \t\r\n true \n", true), ("false", false),
            // Numbers
            ("0", 0), ("-0", 0), ("-12", -12), ("9223372036854775807", .int(.max)),
            ("-9223372036854775808", .int(.min)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("1.0", .double(1)), ("-0.5", .double(-0.5)), ("1e3", .double(1000)), ("1E+3", .double(1000)),
            ("25e-1", .double(2.5)), ("0e0", .double(0)), ("1e-400", .double(0)),
            // Strings
            (#""""#, ""), (#""a""#, "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00""#, "😀"), (#""😀é""#, "😀é"),
            (#""\u0000""#, "\0"), ("\"\u{7F}\"", "\u{7F}"),
            // Half a surrogate pair is repaired
            (#""\ud83d""#, "\u{FFFD}"), (#""\ude00""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
            (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
            (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
            // Arrays and objects; the last of two equal keys wins
            ("[]", []), ("[ ]", []), ("[1,[2],{}]", [1, [2], [:]]), ("{ }", [:]),
            (#"{"a" : 1 , "b":[true,null]}"#, ["a": 1, "b": [true, nil]]), (#"{"":0}"#, ["": 0]),
            (#"{"a":1,"b":2,"a":3}"#, ["a": 3, "b": 2]),
        ] as [(String, JSONValue)])
    func takes(_ text: String, _ value: JSONValue) throws { #expect(try JSONValue(parsing: text) == value) }

    /// The number is the byte at which the reader stopped.
    @Test(
        arguments: [
            ("", 0), ("   ", 3), ("nul", 0), ("nulL", 0), ("True", 0), ("NaN", 0), ("Infinity", 0), ("true false", 5),
            ("\u{FEFF}1", 0), ("'a'", 0), ("// x\n1", 0),
            // Numbers
            ("+1", 0), ("01", 2), ("-01", 3), ("-", 1), ("1.", 2), (".5", 0), ("1e", 2), ("1e+", 3), ("0x10", 1),
            ("1_000", 1), ("1e400", 5), ("-1e400", 6),
            // Strings
            ("\"a", 2), ("\"a\n\"", 2), ("\"\u{1}\"", 1), (#""\x""#, 3), (#""\u12""#, 3), (#""\u12G4""#, 5),
            ("\"\\", 2), ("\"\\n\u{1F}\"", 4),
            // Arrays and objects
            ("[", 1), ("[1", 2), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("]", 0), ("[1}", 2), ("{", 1), ("{1:2}", 1),
            (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), (#"{"a":1 "b":2}"#, 7), ("{a:1}", 1),
            (#"{"a":1]"#, 6),
        ] as [(String, Int)])
    func refusesWithThePlace(_ text: String, _ offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
        #expect(error?.offset == offset, "\(error?.message ?? "")")
        #expect(error?.message.isEmpty == false)
    }

    @Test func refusesHostileDepth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(512)) }
        #expect(throws: JSONSyntaxError(message: "nested too deeply", offset: 512)) {
            try JSONValue(parsing: nested(513))
        }
        // A million brackets exhaust no stack.
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONSyntaxError.self) {
            try JSONValue(parsing: String(repeating: #"{"a":"#, count: 100_000))
        }
    }

    @Test func repairsBytesThatAreNoUTF8() throws {
        #expect(try JSONValue(parsing: [0x22, 0xFF, 0x41, 0x22]) == "\u{FFFD}A")
    }

    @Test func keepsTheOrderOfKeys() throws {
        let value = try JSONValue(parsing: #"{"z":1,"a":2,"m":3,"z":4}"#)
        #expect(value.object?.keys == ["z", "a", "m"])
        #expect(value["z"] == 4)
    }

    /// Any cut of a good text is an error, never a crash or another value.
    @Test func refusesEveryCut() throws {
        let text = Array(#"{"k":[1,-2.5e3,"a\u00e9\n\ud83d\ude00",true,false,null,{"n":{}}]}"#.utf8)
        #expect(throws: Never.self) { try JSONValue(parsing: text) }
        for length in text.indices {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text[..<length])) }
        }
    }
}
