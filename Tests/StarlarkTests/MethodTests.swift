// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

struct MethodTests {
    @Test(arguments: [
        (
            "'a.b.c'.split('.'), 'a.b.c'.rsplit('.', 1), ' a  b '.split()",
            #"(["a", "b", "c"], ["a.b", "c"], ["a", "b"])"#
        ),
        ("'a\\nb\\n'.splitlines(), 'a\\nb'.splitlines(True)", #"(["a", "b"], ["a\n", "b"])"#),
        (
            "'k=v=w'.partition('='), 'k=v=w'.rpartition('='), 'x'.partition('=')",
            #"(("k", "=", "v=w"), ("k=v", "=", "w"), ("x", "", ""))"#
        ),
        ("'  x '.strip(), 'xxaxx'.strip('x'), 'ab '.rstrip(), ' ab'.lstrip()", #"("x", "a", "ab", "ab")"#),
        ("'banana'.count('a'), 'banana'.find('n'), 'banana'.rfind('n'), 'banana'.find('z')", "(3, 2, 4, -1)"),
        (
            "'banana'.replace('a', 'o'), 'banana'.replace('a', 'o', 1), 'ab'.replace('', '-')",
            #"("bonono", "bonana", "-a-b-")"#
        ),
        ("'abc'.startswith('ab'), 'abc'.endswith(('x', 'bc')), 'abc'.startswith('b', 1)", "(True, True, True)"),
        ("'abc'.removeprefix('a'), 'abc'.removesuffix('c')", #"("bc", "ab")"#),
        (
            "'hello world'.title(), 'hELLO'.capitalize(), 'Ab'.upper(), 'Ab'.lower()",
            #"("Hello World", "Hello", "AB", "ab")"#
        ),
        (
            "'abc'.isalpha(), '12'.isdigit(), 'a1'.isalnum(), ' '.isspace(), 'A'.isupper(), 'a'.islower()",
            "(True, True, True, True, True, True)"
        ),
        ("', '.join(['a', 'b']), ''.join([])", #"("a, b", "")"#),
        ("list('ab'.elems()), 'ab'.elem_ords()[1]", #"(["a", "b"], 98)"#),
        ("{'a': 1}.get('a'), {}.get('b'), {}.get('b', 2)", "(1, None, 2)"),
        ("{'a': 1, 'b': 2}.items(), {'a': 1}.keys(), {'a': 1}.values()", #"([("a", 1), ("b", 2)], ["a"], [1])"#),
        (
            "set([1, 2]).union([3], [4]), set([1, 2]).difference([2]), set([1]).issubset([1, 2])",
            "(set([1, 2, 3, 4]), set([1]), True)"
        ),
        ("sorted([3, 1, 2], reverse=True), sorted(['bb', 'a'], key=len)", #"([3, 2, 1], ["a", "bb"])"#),
        ("min(3, 1, 2), max([1, 3]), min(['aa', 'b'], key=len)", #"(1, 3, "b")"#),
        (
            "list(zip([1, 2], ['a', 'b'])), enumerate(['x'], 1), reversed([1, 2])",
            #"([(1, "a"), (2, "b")], [(1, "x")], [2, 1])"#
        ),
        ("any([0, 1]), all([0, 1]), all([])", "(True, False, True)"),
        ("getattr('a', 'nope', 1), hasattr([], 'append'), dir({})[:2]", #"(1, True, ["clear", "get"])"#),
        ("abs(-3), abs(-2.5), ord('a'), chr(937)", #"(3, 2.5, 97, "Ω")"#),
        ("dict([('a', 1)], b=2), list((1, 2)), tuple([1])", #"({"a": 1, "b": 2}, [1, 2], (1,))"#),
        ("float('1.5'), float('-inf'), float(2), bool([0])", "(1.5, -inf, 2.0, True)"),
        ("str([1, 'a']), repr('a'), str('a')", #"("[1, \"a\"]", "\"a\"", "a")"#),
    ])
    func calls(_ expression: String, _ want: String) throws {
        #expect(try Evaluation.repr(expression) == want)
    }

    @Test(arguments: [
        (
            "x = [3, 1]\nx.append(2)\nx.extend((5,))\nx.insert(0, 9)\nx.remove(1)\ny = x.pop()\nz = x.pop(0)",
            "([3, 2], 5, 9)"
        ),
        (
            "x = {'a': 1, 'b': 2}\ny = x.pop('a')\nx.setdefault('c', 3)\nx.update({'b': 4}, d=5)\nz = x.popitem()",
            "({\"c\": 3, \"d\": 5}, 1, (\"b\", 4))"
        ),
        ("x = [1]\ny = x\nx += [2]\nz = None", "([1, 2], [1, 2], None)"),
        ("x = {'a': 1}\ny = x\nx |= {'b': 2}\nz = None", "({\"a\": 1, \"b\": 2}, {\"a\": 1, \"b\": 2}, None)"),
        ("x = set([1])\nx.add(2)\nx.discard(9)\ny = x.pop()\nx.update([5])\nz = len(x)", "(set([2, 5]), 1, 2)"),
        ("x = 1\nwhile x < 100: x *= 2\ny, (z, w) = x, (1, 2)", "(128, 128, 1)"),
        (
            "x = []\nfor i in range(10):\n  if i == 2: continue\n  if i == 5: break\n  x.append(i)\ny = i\nz = 0",
            "([0, 1, 3, 4], 5, 0)"
        ),
    ])
    func changes(_ source: String, _ want: String) throws {
        #expect(try Evaluation(source + "\nresult = (x, y, z)").globals["result"]?.repr() == want)
    }

    @Test(arguments: [
        ("'%s %r %d %x %o %X' % ('a', 'a', 10, 255, 8, 255)", #"a "a" 10 ff 10 FF"#), ("'%d%%' % 5.7", "5%"),
        ("'%(a)s-%(b)d' % {'a': 1, 'b': 2}", "1-2"), ("'%s' % [1]", "[1]"), ("'%c%c' % ('x', 937)", "xΩ"),
        ("'%e %f %g %E' % (1.5, 2.25, 1e10, 0.0)", "1.500000e+00 2.250000 1e+10 0.000000E+00"),
        ("'%s' % ((1, 2),)", "(1, 2)"),
        ("'%f %f' % (0.1234565, 2.5e-7)", "0.123456 0.000000"), ("'%e' % 9.9999999e9", "1.000000e+10"),
        ("'{} {}'.format(1, 'a')", "1 a"), ("'{1}{0}{x!r}'.format(1, 2, x='y')", #"21"y""#), ("'{{}}'.format()", "{}"),
    ])
    func formats(_ expression: String, _ want: String) throws {
        #expect(try Evaluation("x = " + expression).globals["x"]?.asString == want)
    }

    @Test(arguments: [
        ("'%s'  % ()", "not enough arguments for format string"), ("'' % 1", "too many arguments for format string"),
        ("'%y' % 1", "unknown conversion %y"),
        ("'%d' % 'a'", "%d format requires integer: cannot convert string to int"),
        ("'%(a)s' % {}", "key not found: a"),
        (
            "'{}{0}'.format(1)",
            "format: cannot switch from automatic field numbering to manual field specification"
        ),
        ("'{a.b}'.format(a=1)", "format: attribute syntax x.y is not supported in replacement fields: a.b"),
        ("'{:>5}'.format(1)", "format: format spec features not supported in replacement fields: >5"),
        ("'}'.format()", "format: single '}' in format"), ("','.join([1])", "join: in list, want string, got int"),
        ("'a'.index('b')", "index: substring not found"), ("[].pop()", "pop: index -1 out of range: empty list"),
        ("{}.popitem()", "popitem: empty dict"), ("[1].remove(2)", "remove: element not found"),
        ("'a'.split('')", "split: empty separator"), ("fail('x', 1)", "fail: x 1"),
        ("sorted(xs=[])", "sorted: unexpected keyword argument \"xs\""),
        ("sorted([], revers=1)", "sorted: unexpected keyword argument \"revers\" (did you mean reverse?)"),
        ("min()", "min requires at least one positional argument"), ("min([])", "min: argument is an empty sequence"),
    ])
    func refuses(_ expression: String, _ want: String) {
        #expect(Evaluation.failure("x = " + expression) == want)
    }

    /// Names of arguments as the builtins of other modules declare them.
    @Test(arguments: [
        ("f(1)", "1 None None"), ("f(1, 2, 3)", "1 2 3"), ("f(1, c=None)", "1 None None"),
        ("f(1, beta=None)", "1 present None"),
        ("f()", "f: missing argument for alpha"), ("f(1, 2, 3, 4)", "f: got 4 arguments, want at most 3"),
        ("f(1, alpha=2)", "f: got multiple values for keyword argument \"alpha\""),
        ("f(alpha=1, betta=2)", "f: unexpected keyword argument \"betta\" (did you mean beta?)"),
    ])
    func unpacks(_ call: String, _ want: String) throws {
        let function = Builtin("f") { _, arguments in
            let values = try arguments.unpack("f", "alpha", "beta?", "c??")
            return .string(values.map { $0.map { $0.isNone ? "present" : $0.repr() } ?? "None" }.joined(separator: " "))
        }
        let predeclared = ["f": Value.object(function)]
        let got = Evaluation.failure("x = " + call, predeclared: predeclared)
        if let got {
            #expect(got == want)
        } else {
            #expect(try Evaluation("x = " + call, predeclared: predeclared).globals["x"]?.asString == want)
        }
    }

    @Test(arguments: [
        ("json.encode({'b': [1, 2.5, None], 'a': 'x\\n\"'})", #"{"a":"x\n\"","b":[1,2.5,null]}"#),
        (
            "json.encode_indent({'a': [1], 'b': {}, 'c': []}, indent=' ')",
            "{\n \"a\": [\n  1\n ],\n \"b\": {},\n \"c\": []\n}"
        ),
        (
            "str(json.decode('{\"a\": [1, -2.5e3, true, null, \"\\\\u00e9\"]}'))",
            "{\"a\": [1, -2500.0, True, None, \"é\"]}"
        ),
        ("json.decode('{', 'fallback')", "fallback"),
    ])
    func json(_ expression: String, _ want: String) throws {
        let predeclared = ["json": Value.object(Starlark.jsonModule())]
        #expect(try Evaluation("x = " + expression, predeclared: predeclared).globals["x"]?.asString == want)
    }

    @Test(arguments: [
        ("json.decode('[1,]')", "json.decode: at offset 3, unexpected character ']'"),
        ("json.decode('[' * 1000)", "json.decode: at offset 300, data nests too deeply"),
        ("json.encode({1: 2})", "json.encode: dict has int key, want string"),
        ("json.encode([len])", "json.encode: at list index 0: cannot encode builtin_function_or_method as JSON"),
    ])
    func jsonRefuses(_ expression: String, _ want: String) {
        let predeclared = ["json": Value.object(Starlark.jsonModule())]
        #expect(Evaluation.failure("x = " + expression, predeclared: predeclared) == want)
    }
}
