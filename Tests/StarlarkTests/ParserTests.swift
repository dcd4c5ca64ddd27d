// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

struct ParserTests {
    private func failure(_ text: String) -> String? {
        do throws(SyntaxError) {
            _ = try Parser.parse(file: Array(text.utf8))
            return nil
        } catch {
            return "\(error.spot.line):\(error.spot.column): \(error.message)"
        }
    }

    @Test(arguments: [
        "def f(a, b=1, *args, c, d=2, **kw): pass", "def f(*, a): pass", "f(1, x=2, *a, **k)", "f(1,)", "x = 1, 2",
        "for x, y in a, b: pass", "if a: b; c", "x[1, 2]", "x[::-1]", "[x for x in y if z if w]",
        "{k: v for k, v in x}", "lambda: 0", "lambda *a, **k: (a, k)", "a if b else c if d else e",
        "return_ = not a in b", "x += 1", "(a, b) = c", "[a, b] = c", "load('m', 'a', b='c')", "pass;", "", "\n\n",
        "x = 0in[1]",
    ])
    func accepts(_ text: String) {
        #expect(failure(text) == nil)
    }

    @Test(arguments: [
        ("x = 1 < 2 < 3", "1:11: < does not associate with < (use parens)"),
        ("x = 1_000", "1:6: got identifier, want newline"),
        ("'a' 'b'", "1:5: got string literal, want newline"), ("x = *y", "1:5: got '*', want primary expression"),
        ("a ** b", "1:3: got '**', want newline"), ("x = (1", "1:7: got end of file, want ')'"),
        ("x is y", "1:3: 'is' is a reserved word"), ("x = a if b", "1:7: conditional expression without else clause"),
        ("f(a.b=1)", "1:6: keyword argument must have form name=expr"),
        ("a, b, = c", "1:5: unparenthesized tuple with trailing comma"),
        ("def f():\nx", "2:1: got identifier, want indent"), ("{1, 2}", "1:3: got ',', want ':'"),
        ("x = not", "1:8: got end of file, want primary expression"),
        ("load('m')", "1:1: load statement must import at least 1 symbol"),
    ])
    func refuses(_ text: String, _ want: String) {
        #expect(failure(text) == want)
    }

    /// Every pass descends by recursion, so depth has a limit, and length must not count as depth.
    @Test func limitsDepth() throws {
        let deep = String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000)
        #expect(failure(deep)?.hasSuffix("source nests too deeply") == true)
        let long = Array(repeating: "1", count: 9_000).joined(separator: " + ")
        #expect(try Evaluation("x = " + long).globals["x"]?.asInt == 9_000)
        let longer = Array(repeating: "1", count: 20_000).joined(separator: " + ")
        #expect(failure("x = " + longer)?.hasSuffix("too many operators") == true)
        let conditions = Array(repeating: "1", count: 9_000).joined(separator: " and ")
        #expect(try Evaluation("if \(conditions): x = [lambda: \(long), 2]").globals["x"]?.length == 2)
        let chain = (0..<2_000).map { "elif x == \($0): y = \($0)\n" }.joined()
        #expect(try Evaluation("x = 1999\nif False: pass\n" + chain).globals["y"]?.asInt == 1_999)
        #expect(failure("x" + String(repeating: "[0]", count: 2_000))?.hasSuffix("too many suffixes") == true)
    }
}
