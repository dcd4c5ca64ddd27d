// SPDX-License-Identifier: Apache-2.0

import ObjectModel
import Testing
import Wire

@Suite struct JSONTests {
    @Test(arguments: [
        (#"a"b\c/"#, #""a\"b\\c/""#),
        ("<a href='x'>&</a>", #""\u003ca href='x'\u003e\u0026\u003c/a\u003e""#),
        ("\n\r\t\u{8}\u{0}\u{1f}", #""\n\r\t\u0008\u0000\u001f""#),
        ("\u{2028}\u{2029}\u{7f}", "\"\\u2028\\u2029\u{7f}\""),
        ("é😀", "\"é😀\""),
        ("", "\"\""),
    ])
    func writesTextAsGoDoes(text: String, want: String) {
        #expect(JSON.string(text).text == want)
    }

    @Test func writesMembersInOrderWithoutSpace() {
        let value: JSON = ["b": .array([.null, .bool(true), .number("-1.50e3")]), "a": .object([])]
        #expect(value.text == #"{"b":[null,true,-1.50e3],"a":{}}"#)
    }

    @Test(arguments: [
        (#" {"a" : [1, -0.5e+2, true, false, null] } "#, #"{"a":[1,-0.5e+2,true,false,null]}"#),
        (#"{"a":1}{"b":2}"#, #"{"a":1}"#),
        (#"{"a":1} trailing"#, #"{"a":1}"#),
        ("[]]", "[]"),
        (#""\u00e9\ud83d\ude00\b\f\/""#, #""é😀\u0008\u000c/""#),
        (#""\ud83d\u0041""#, "\"\u{fffd}A\""),
        (#""\ude00""#, "\"\u{fffd}\""),
        (#"{"a":1,"a":2}"#, #"{"a":1,"a":2}"#),
    ])
    func readsTheFirstValue(text: String, want: String) throws {
        #expect(try JSONParser.firstValue(in: Array(text.utf8)).text == want)
    }

    @Test func replacesBrokenUTF8() throws {
        let bytes: [UInt8] = [0x22, 0xff, 0x22]
        #expect(try JSONParser.firstValue(in: bytes) == "\u{fffd}")
    }

    @Test(arguments: [
        ("", "EOF"),
        ("  \n", "EOF"),
        ("{", "unexpected EOF"),
        (#"{"a":"#, "unexpected EOF"),
        (#""ab"#, "unexpected EOF"),
        ("tru", "unexpected EOF"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ("url=a", "invalid character 'u' looking for beginning of value"),
        ("{x}", "invalid character 'x' looking for beginning of object key string"),
        (#"{"a" 1}"#, "invalid character '1' after object key"),
        (#"{"a":1 2}"#, "invalid character '2' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("nul!", "invalid character '!' in literal null"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("\"a\nb\"", "invalid character '\n' in string literal"),
        (#""\q""#, "invalid character 'q' in string escape code"),
        (#""\u12g4""#, #"invalid character 'g' in \u hexadecimal character escape"#),
    ])
    func saysWhatIsWrong(text: String, want: String) {
        #expect(throws: DomainError(want)) { try JSONParser.firstValue(in: Array(text.utf8)) }
    }

    @Test func refusesNestingThatWouldExhaustTheStack() {
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(throws: DomainError("exceeded max depth")) { try JSONParser.firstValue(in: bytes) }
    }
}
