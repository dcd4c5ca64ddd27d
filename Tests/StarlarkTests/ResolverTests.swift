// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

struct ResolverTests {
    private func check(_ source: String, _ dialect: Dialect) -> [String] {
        Starlark.check(file: "f", source: Array(source.utf8), dialect: dialect, predeclared: ["docker_build"]).map {
            "\($0.position.line):\($0.position.column): \($0.message)"
        }
    }

    /// One dialect switch: the source is wrong without it and right with it.
    struct Switch: Sendable, CustomTestStringConvertible {
        let source: String
        let error: String
        let dialect: Dialect
        var testDescription: String { source }
    }

    @Test(arguments: [
        Switch(
            source: "x = set()", error: "1:5: this Starlark dialect does not support sets", dialect: Dialect(set: true)),
        Switch(
            source: "x = 1\nx = 2", error: "2:1: cannot reassign global x declared at f:1:1",
            dialect: Dialect(globalReassign: true)),
        Switch(
            source: "if True: pass", error: "1:1: if statement not within a function",
            dialect: Dialect(topLevelControl: true)),
        Switch(
            source: "for x in []: pass", error: "1:1: for loop not within a function",
            dialect: Dialect(topLevelControl: true)),
        Switch(
            source: "def f():\n  while True: pass", error: "2:3: this Starlark dialect does not support while loops",
            dialect: Dialect(whileLoops: true)),
    ])
    func dialectSwitch(_ item: Switch) {
        #expect(check(item.source, Dialect()) == [item.error])
        #expect(check(item.source, item.dialect) == [])
    }

    @Test(arguments: [
        ("x = yy\nz = ww", ["1:5: undefined: yy", "2:5: undefined: ww"]),
        ("docker_biuld()", ["1:1: undefined: docker_biuld (did you mean docker_build?)"]),
        ("def f():\n  return lenn([])", ["2:10: undefined: lenn (did you mean len?)"]),
        ("return 1", ["1:1: return statement not within a function"]), ("break", ["1:1: break not in a loop"]),
        ("def f():\n  load('m', 'x')", ["2:3: load statement within a function"]),
        ("load('m', '_x')", ["1:11: load: names with leading underscores are not exported: _x"]),
        ("f = lambda a, a: 0", ["1:15: duplicate parameter: a"]),
        ("len(x=1, 2)", ["1:10: positional argument may not follow named"]),
        ("1 = 2", ["1:1: can't assign to literal"]),
        ("def f(*): pass", ["1:7: bare * must be followed by keyword-only parameters"]),
        ("[x for x in []]\nx", ["2:1: undefined: x"]),
    ])
    func reportsAll(_ source: String, _ want: [String]) {
        #expect(check(source, .tilt) == want)
    }

    @Test(arguments: [
        ("x = [1]\ny = [x for x in x]", "y", "[1]"),
        ("def f():\n  def g(): return x\n  x = 1\n  return g()\ny = f()", "y", "1"),
        (
            "def f():\n  fs = []\n  for i in range(3): fs.append(lambda: i)\n  return [g() for g in fs]\ny = f()", "y",
            "[2, 2, 2]"
        ),
        ("def f(x=[]):\n  x.append(1)\n  return x\nf()\ny = f()", "y", "[1, 1]"),
        ("len = 3\ny = len", "y", "3"), ("fs = [lambda: x for x in range(3)]\ny = [f() for f in fs]", "y", "[2, 2, 2]"),
        ("def f(n): return 1 if n == 0 else n * f(n - 1)\ny = f(25)", "y", "15511210043330985984000000"),
    ])
    func scopes(_ source: String, _ name: String, _ want: String) throws {
        #expect(try Evaluation(source).globals[name]?.repr() == want)
    }

    @Test func loadBindsFileLocals() throws {
        let files = ["m": "a = 1\n_b = 2"]
        let run = try Evaluation("load('m', 'a', c='a')\nd = a + c", files: files)
        #expect(run.globals["d"]?.asInt == 2)
        #expect(run.globals["a"] == nil)
        var dialect = Dialect.tilt
        dialect.loadBindsGlobally = true
        #expect(try Evaluation("load('m', 'a')", dialect: dialect, files: files).globals["a"]?.asInt == 1)
    }

    /// The tree, its bindings and the blocks refer to each other; all must go when a file is done with.
    @Test func freesTheTree() throws {
        weak var identifier: Identifier?
        weak var block: Block?
        do {
            let source = "x = 1\ndef f(a):\n  def g(): return [a + x for a in [x]]\n  return g"
            let statements = try Parser.parse(file: Array(source.utf8))
            guard case .def(let function)? = statements.last else { return #expect(Bool(false)) }
            identifier = function.name
            let resolver = Resolver(
                statements, file: "f", dialect: .tilt, isPredeclared: { _ in false }, isUniversal: { _ in false },
                outsideNames: { [] })
            block = resolver.block
            try resolver.run()
        }
        #expect(identifier == nil)
        #expect(block == nil)
    }
}
