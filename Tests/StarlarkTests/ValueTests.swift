// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

struct ValueTests {
    @Test(arguments: [
        ("1 + 2 * 3", "7"), ("7 // -2, -7 // 2, 7 % -2, -7 % 2", "(-4, -4, -1, 1)"), ("1 / 2", "0.5"),
        ("9223372036854775807 + 1", "9223372036854775808"), ("-9223372036854775808 - 1", "-9223372036854775809"),
        ("3037000500 * 3037000500", "9223372037000250000"), ("(1 << 64) - (1 << 64) + 5", "5"),
        ("-9223372036854775808 // -1", "9223372036854775808"), ("1 << 100 >> 98", "4"), ("-1 >> 200", "-1"),
        ("~5, -5 & 3, 5 ^ -1, 6 | 1", "(-6, 3, -6, 7)"), ("2.5 // 1, -2.5 % 1", "(2.0, 0.5)"),
        (
            "float(12345 * 12345 * 12345 * 12345 * 12345 * 12345), float(-(1 << 500 << 500))",
            "(3.539537889086625e+24, -1.0715086071862673e+301)"
        ),
        ("1 == 1.0, {1: 'a'}[1.0], True == 1", "(True, \"a\", False)"),
        ("(1 << 53) + 1 == float((1 << 53) + 1)", "False"), ("float('nan') == float('nan')", "True"),
        ("float('nan') > float('inf')", "True"),
        (
            "str(1e20), str(123456.0), str(0.0001), str(1e-5)",
            "(\"1e+20\", \"123456.0\", \"0.0001\", \"1e-05\")"
        ),
        ("1234567.0, 1.5e300, -0.0, 100.0", "(1.234567e+06, 1.5e+300, -0.0, 100.0)"),
        ("float('inf'), float('-inf'), float('nan')", "(+inf, -inf, nan)"),
        ("int('0x1f', 16), int('-0b11', 0)", "(31, -3)"),
        ("int(3.9), int(-3.9), int('42'), int(True)", "(3, -3, 42, 1)"),
        ("'ab' * 3, 2 * [1], (1,) * 0", "(\"ababab\", [1, 1], ())"),
        ("[1, 2] < [1, 3], (1,) < (1, 2), 'a' < 'b'", "(True, True, True)"), ("'aΩb'[1]", "\"\\xce\""),
        ("len('aΩb'), list('aΩ'.codepoints()), list('aΩ'.elem_ords())", "(4, [\"a\", \"Ω\"], [97, 206, 169])"),
        ("'é' == 'e\\u0301'", "False"), ("b'a\\xff', list(b'ab'.elems()), b'ab'[0]", "(b\"a\\xff\", [97, 98], b\"a\")"),
        ("hash('hello')", "99162322"), ("[1, 2, 3, 4][::-2], 'abcd'[1:-1], (1, 2, 3)[5:]", "([4, 2], \"bc\", ())"),
        ("range(10)[2:8:3], list(range(5, 0, -2)), 3 in range(0, 10, 3)", "(range(2, 8, 3), [5, 3, 1], True)"),
        ("{'b': 1, 'a': 2} | {'b': 3, 'c': 4}", "{\"b\": 3, \"a\": 2, \"c\": 4}"),
        (
            "set([1, 2]) | set([3]), set([1, 2]) & set([2]), set([1]) ^ set([2]), set([1]) < set([1, 2])",
            "(set([1, 2, 3]), set([2]), set([1, 2]), True)"
        ),
        (
            "bool(''), bool([]), bool(0.0), bool(range(0)), bool(None), bool('x')",
            "(False, False, False, False, False, True)"
        ),
        (
            "type(1), type(''), type(None), type(len), type(lambda: 0)",
            "(\"int\", \"string\", \"NoneType\", \"builtin_function_or_method\", \"function\")"
        ),
        ("None or 5, 0 and 1, not 1", "(5, 0, False)"),
        ("[len, 'x'.upper]", "[<built-in function len>, <built-in method upper of string value>]"),
        ("{(1, 'a'): 2}[(1, 'a')]", "2"), ("'\\t\\x01\\u200b'", "\"\\t\\x01\\u200b\""),
        ("{}, [], (), (1,)", "({}, [], (), (1,))"),
    ])
    func evaluates(_ expression: String, _ want: String) throws {
        #expect(try Evaluation.repr(expression) == want)
    }

    @Test(arguments: [
        ("True + 1", "unknown binary op: bool + int"), ("'a' + 1", "unknown binary op: string + int"),
        ("'a' < 1", "string < int not implemented"), ("1 // 0", "floored division by zero"),
        ("1 % 0", "integer modulo by zero"), ("1 / 0", "floating-point division by zero"),
        ("1.0 % 0", "floating-point modulo by zero"), ("1 << 512", "shift count too large: 512"),
        ("1 << -1", "negative shift count: -1"), ("[][0]", "index 0 out of range: empty list"),
        ("(1, 2)[5]", "tuple index 5 out of range [-2:1]"), ("{}['a']", "key \"a\" not in dict"),
        ("{[]: 1}", "unhashable type: list"), ("{'a': 1, 'a': 2}", "duplicate key: \"a\""),
        ("'abc'.nope", "string has no .nope field or method"),
        ("[].apend", "list has no .apend field or method (did you mean .append?)"),
        ("[x for x in 'abc']", "string value is not iterable"), ("len(1)", "len: value of type int has no len"),
        ("1 in 'a'", "'in <string>' requires string as left operand, not int"),
        ("5()", "invalid call of non-function (int)"),
        ("-'a'", "unknown unary op: -string"), ("'a'[1.0]", "string index: got float, want int"),
        ("[][::0]", "zero is not a valid slice step"), ("'abc' * (1 << 40)", "repeat count 1099511627776 too large"),
        ("int('x')", "int: invalid literal with base 10: x"),
        ("int(float('nan'))", "int: cannot convert float NaN to integer"),
        ("sorted([1, 'a'])", "string < int not implemented"),
        ("range(1, 2, 0)", "range: step argument must not be zero"),
    ])
    func refuses(_ expression: String, _ want: String) {
        #expect(Evaluation.failure("x = (\(expression))") == want)
    }

    @Test func convertsAtTheEdge() throws {
        let value = Value.dict([(.string("a"), .list([.int(1), .none])), (.string("b"), .tuple([.bool(true)]))])
        #expect(value.repr() == "{\"a\": [1, None], \"b\": (True,)}")
        #expect(Value.string("x").str() == "x")
        #expect(Value.string("x").asString == "x")
        #expect(Value.int(3).asInt == 3)
        #expect(Value.bool(true).asBool == true)
        #expect(Value.none.isNone)
        #expect(try value.iterate().map { $0.str() } == ["a", "b"])
        #expect(throws: StarlarkError.self) { try Value.string("abc").iterate() }
    }

    /// Dicts keep their order through growth, removal and reinsertion.
    @Test func dictKeepsOrder() throws {
        let dict = StarlarkDict()
        for number in 0..<1_000 { try dict.set(.int(number), .int(number * number)) }
        for number in stride(from: 0, to: 1_000, by: 2) { _ = try dict.remove(.int(number)) }
        for number in stride(from: 0, to: 1_000, by: 4) { try dict.set(.int(number), .none) }
        let want = Array(stride(from: 1, to: 1_000, by: 2)) + Array(stride(from: 0, to: 1_000, by: 4))
        #expect(dict.entries.map(\.key.asInt) == want)
        #expect(try dict.get(.int(501))?.asInt == 251_001)
        #expect(try dict.get(.int(2)) == nil)
        while let entry = try dict.removeFirst() { _ = entry }
        #expect(dict.entries.isEmpty)
    }

    /// Releasing nested data needs no native stack, whatever the nesting is made of.
    @Test(arguments: ["[x]", "(x,)", "{1: x}", "[(x, {1: 2}), 1]"])
    func releasesDeepData(_ nest: String) throws {
        let source = "def run():\n  x = None\n  for i in range(200000):\n    x = \(nest)\nrun()\ny = 1"
        #expect(try Evaluation(source).globals["y"]?.asInt == 1)
    }

    /// Printing, freezing and comparing do not descend without end.
    @Test func survivesDeepAndCyclicData() throws {
        let run = try Evaluation(
            """
            x = []
            for i in range(20000):
                x = [x]
            y = [1]
            y.append(y)
            t = ()
            for i in range(60):
                t = (t, t)
            s = str(y)
            """)
        #expect(run.globals["s"]?.asString == "[1, [...]]")
        #expect(run.globals["x"]?.repr().contains("...") == true)
        #expect(Evaluation.failure("y = []\ny.append(y)\nz = y == y") == "comparison exceeded maximum recursion depth")
    }
}

/// What the interpreter takes for granted about values in memory.
struct ValueLayoutTests {
    @Test func anObjectLiesAtTheStartOfItsValue() {
        #expect(MemoryLayout<Value>.size == 9)
        #expect(MemoryLayout<Value?>.stride == MemoryLayout<Value>.stride)
        var values: [Value] = [.string("text"), .int(1), .none, .bool(true), .float(2)]
        values.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            guard case .object(let object) = base[0] else { return }
            #expect(base.borrowed?.takeUnretainedValue() === object)
            for index in 1..<5 { #expect((base + index).borrowed == nil) }
        }
    }
}
