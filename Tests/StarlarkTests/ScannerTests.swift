// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

struct ScannerTests {
    /// The tokens of a text as the grammar spells them, without the end of the file.
    private func tokens(_ text: String) throws(SyntaxError) -> [String] {
        var scanner = Scanner(Array(text.utf8))
        var result: [String] = []
        try scanner.advance()
        while scanner.token != .endOfFile {
            result.append(scanner.token == .identifier ? scanner.word : scanner.token.text)
            try scanner.advance()
        }
        return result
    }

    private func failure(_ text: String) -> String? {
        do throws(SyntaxError) {
            _ = try tokens(text)
            return nil
        } catch {
            return "\(error.spot.line):\(error.spot.column): \(error.message)"
        }
    }

    @Test(arguments: [
        ("x = 1 + 2", ["x", "=", "int literal", "+", "int literal"]),
        ("a<<=b>>c//d", ["a", "<<=", "b", ">>", "c", "//", "d"]),
        ("f(*a, **k)", ["f", "(", "*", "a", ",", "**", "k", ")"]),
        ("x # comment\ny", ["x", "newline", "y"]),
        ("(a\n\n  b)", ["(", "a", "b", ")"]),
        ("a \\\n  b", ["a", "b"]),
        ("if x:\n  y\nz", ["if", "x", ":", "newline", "indent", "y", "newline", "outdent", "z"]),
        ("if x:\n\ty\n        z", ["if", "x", ":", "newline", "indent", "y", "newline", "z", "newline", "outdent"]),
        ("if x:\n  y", ["if", "x", ":", "newline", "indent", "y", "newline", "outdent"]),
        ("if x:\n  # note\n\n  y\n# end\nz", ["if", "x", ":", "newline", "indent", "y", "newline", "outdent", "z"]),
        ("r'a' b'b' rb'c' 'd'", ["string literal", "bytes literal", "bytes literal", "string literal"]),
        ("a not in b", ["a", "not", "in", "b"]),
        ("1.5 .5 1. 1e3 1E-3", Array(repeating: "float literal", count: 5)),
        ("größe", ["größe"]),
        ("x\r\ny\rz", ["x", "newline", "y", "newline", "z"]),
    ])
    func scans(_ text: String, _ want: [String]) throws {
        #expect(try tokens(text) == want)
    }

    @Test(arguments: [
        ("0", "0"), ("000", "0"), ("0x1F", "31"), ("0o17", "15"), ("0b101", "5"), ("123", "123"),
        ("9223372036854775807", "9223372036854775807"), ("9223372036854775808", "9223372036854775808"),
        ("0xffffffffffffffffffff", "1208925819614629174706175"), ("1.5", "1.5"), ("1e6", "1e+06"), (".5", "0.5"),
        ("1.", "1.0"),
    ])
    func readsNumbers(_ text: String, _ want: String) throws {
        var scanner = Scanner(Array(text.utf8))
        try scanner.advance()
        #expect(scanner.number.repr() == want)
    }

    @Test(arguments: [
        (#"'a\n\t\\\'\"'"#, "a\n\t\\'\""), (#""\101\x41\u0041\U0001F600""#, "AAA\u{1F600}"), (#"r'\d\''"#, #"\d\'"#),
        ("'''a\r\nb'''", "a\nb"), ("\"\"\"a\"b\"\"\"", "a\"b"), ("'a\\\nb'", "ab"), ("''", ""),
    ])
    func readsStrings(_ text: String, _ want: String) throws {
        var scanner = Scanner(Array(text.utf8))
        try scanner.advance()
        #expect(String(decoding: scanner.literal, as: UTF8.self) == want)
    }

    @Test(arguments: [
        ("0755", "1:1: obsolete form of octal literal; use 0o755"),
        ("0x", "1:1: invalid hex literal"), ("0b12", "1:1: invalid binary literal"),
        ("1e", "1:1: invalid float literal"), ("'a", "1:1: unexpected EOF in string"),
        ("'a\nb'", "1:1: unexpected newline in string"), (#"'\d'"#, #"1:1: invalid escape sequence \d"#),
        (#"'\x'"#, #"1:1: truncated escape sequence \x"#),
        (#"'\xff'"#, #"1:1: non-ASCII hex escape \xff (use \u00FF for the UTF-8 encoding of U+00FF)"#),
        (#"'\ud800'"#, "1:1: invalid Unicode code point U+D800"), ("x = $", "1:5: unexpected input character '$'"),
        ("ä ö ) ", "1:5: unexpected ')'"), ("class", "1:1: 'class' is a reserved word"),
        ("if x:\n    y\n  z", "3:3: unindent does not match any outer indentation level"),
        ("a \\ b", "1:3: stray backslash in program"),
    ])
    func refuses(_ text: String, _ want: String) {
        #expect(failure(text) == want)
    }
}
