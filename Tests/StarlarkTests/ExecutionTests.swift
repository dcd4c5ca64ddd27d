// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

struct ExecutionTests {
    /// A failing program and its traceback.
    private func backtrace(
        _ source: String, files: [String: String] = [:], predeclared: [String: Value] = [:]
    ) -> String {
        do {
            _ = try Evaluation(source, predeclared: predeclared, files: files)
            return "no error"
        } catch let error as EvalError {
            return error.backtrace()
        } catch {
            return String(describing: error)
        }
    }

    @Test func showsCallsAndPositions() {
        let want = """
            Traceback (most recent call last):
              test.star:3:2: in <toplevel>
              test.star:2:19: in f
            Error in join: join: in list, want string, got int
            """
        #expect(backtrace("def f():\n    return \"\".join([1])\nf()") == want)
    }

    @Test(
        arguments: [
            ("x = 1 + 'a'", "1:7"), ("x = [0]\ny = x[2]", "2:6"), ("x = [].nope", "1:7"), ("x = len(\n  1)", "1:8"),
            ("ä = {}; y = ä['k']", "1:14"), ("x = -'a'", "1:5"),
            ("def f(): return g\nf()\ng = 1", "1:17"),
            ("for x in 1: pass", "1:1"), ("x = [i for i in 5]", "1:8"), ("x = {\n  'a': 1,\n  []: 2,\n}", "3:5"),
            ("x = []\nx[0] = 1", "2:2"), ("x = 1\nx.y = 2", "2:2"), ("x = 1 < 'a'", "1:7"),
            ("def f(a): pass\nf()", "1:1"),
        ])
    func placesErrors(_ source: String, _ want: String) throws {
        let error = #expect(throws: EvalError.self) { try Evaluation(source) }
        let place = try #require(error?.position)
        #expect("\(place.line):\(place.column)" == want)
    }

    @Test func showsBuiltinsInTheMiddle() {
        let want = """
            Traceback (most recent call last):
              test.star:2:8: in <toplevel>
              <builtin>: in min
              test.star:1:26: in lambda
            Error: floored division by zero
            """
        #expect(backtrace("f = lambda x: (x + 1 + 2 // 0)\nx = min([1, 2], key=f)") == want)
    }

    @Test func unwrapsFailedLoads() {
        let files = ["outer": "load('inner', 'x')", "inner": "x = 1\ny = 1 // 0"]
        let want = """
            Traceback (most recent call last):
              test.star:1:1: in <toplevel>
              outer:1:1: in <toplevel>
              inner:2:7: in <toplevel>
            Error: floored division by zero
            """
        #expect(backtrace("load('outer', 'x')", files: files) == want)
        let message = Evaluation.failure("load('missing', 'x')")
        #expect(message == "cannot load missing: no such file")
        let hint = "load: name namee not found in module m (did you mean name?)"
        #expect(throws: EvalError.self) { try Evaluation("load('m', 'namee')", files: ["m": "name = 1"]) }
        #expect(backtrace("load('m', 'namee')", files: ["m": "name = 1"]).hasSuffix(hint))
    }

    /// Whatever a builtin throws keeps its identity, and the name of the builtin goes into the message.
    @Test func keepsTheCause() throws {
        struct Fault: Error, CustomStringConvertible { let description = "cannot read k8s.yaml" }
        let builtin = Value.object(Builtin("k8s_yaml") { _, _ in throw Fault() })
        let error = #expect(throws: EvalError.self) {
            try Evaluation("def f(): k8s_yaml('x')\nf()", predeclared: ["k8s_yaml": builtin])
        }
        #expect(error?.cause is Fault)
        #expect(error?.position == Position(file: "test.star", line: 1, column: 18))
        #expect(error?.backtrace().hasSuffix("Error in k8s_yaml: cannot read k8s.yaml") == true)
    }

    @Test(arguments: [
        ("x = [1]\nfor i in x: x.append(2)", "append: cannot append to list during iteration"),
        ("x = [1]\ny = [x.append(2) for i in x]", "append: cannot append to list during iteration"),
        ("x = {1: 2}\nfor i in x: x[3] = 4", "cannot insert into hash table during iteration"),
        ("x = {1: 2}\nfor i in x: x.pop(1)", "pop: cannot delete from hash table during iteration"),
        ("x = set([1])\nfor i in x: x.clear()", "clear: cannot clear hash table during iteration"),
        ("x = [1]\nfor i in x:\n  for j in x: pass\n  x.append(2)", "append: cannot append to list during iteration"),
        ("x = [1]\nfor i in x: x[0] = 2", "cannot assign to element of list during iteration"),
    ])
    func guardsIteration(_ source: String, _ want: String) {
        #expect(Evaluation.failure(source) == want)
    }

    /// However a loop ends, the guard ends with it.
    @Test func releasesTheGuard() throws {
        let source = """
            x = [1, 2]
            def leave():
                for i in x:
                    for j in x:
                        return i
            leave()
            x.append(3)
            for i in x: break
            x.append(4)
            for i in x: continue
            x.append(5)
            y = [i for i in x]
            a, b, c, d, e = x
            z = sorted(x, key=lambda i: -i)
            x.append(6)
            """
        #expect(try Evaluation(source).globals["x"]?.length == 6)
        // After an error, too: the list outlives the run.
        let list = StarlarkList([.int(1)])
        let predeclared = ["x": Value.object(list)]
        #expect(Evaluation.failure("for i in x: fail('stop')", predeclared: predeclared) == "fail: stop")
        try list.append(.int(2))
        #expect(list.elements.count == 2)
    }

    @Test(arguments: [
        ("l.append(1)", "append: cannot append to frozen list"),
        ("l[0] = 1", "cannot assign to element of frozen list"),
        ("d['x'] = 1", "cannot insert into frozen hash table"),
        ("d['l'].append(1)", "append: cannot append to frozen list"),
        ("change()", "append: cannot append to frozen list"), ("default()", "append: cannot append to frozen list"),
        ("inner()", "append: cannot append to frozen list"), ("s.add(1)", "add: cannot insert into frozen hash table"),
        ("t[0].append(1)", "append: cannot append to frozen list"),
    ])
    func freezesLoadedFiles(_ statement: String, _ want: String) {
        let module = """
            l = [0]
            d = {'l': []}
            s = set()
            t = ([],)
            def change(): l.append(1)
            def default(x=[]): x.append(1)
            def outer():
                x = []
                def inner(): x.append(1)
                return inner
            inner = outer()
            """
        let names = "l d s t change default inner".split(separator: " ").map { "'\($0)'" }.joined(separator: ", ")
        var failure: String?
        do {
            _ = try Evaluation("load('m', \(names))\n\(statement)", files: ["m": module])
        } catch {
            failure = String(describing: error)
        }
        #expect(failure == want)
    }

    @Test func stopsAtTheStepLimit() {
        let error = #expect(throws: EvalError.self) {
            try Evaluation("while True: pass") { $0.maxSteps = 100_000 }
        }
        #expect(error?.message == "Starlark computation cancelled: too many steps")
        #expect(throws: Never.self) { try Evaluation("x = [i for i in range(100)]") { $0.maxSteps = 100_000 } }
    }

    @Test(.timeLimit(.minutes(1))) func stopsWhenCancelled() {
        var polls = 0
        let error = #expect(throws: EvalError.self) {
            try Evaluation("while True: pass") { thread in
                thread.cancelled = {
                    polls += 1
                    return polls > 5
                }
            }
        }
        #expect(error?.cause is CancellationError)
        #expect(polls == 6)
    }

    /// Calls nest to 100,000 without the native stack; through builtins, which do use it, less deep.
    @Test(.timeLimit(.minutes(1))) func limitsCallDepth() throws {
        let deep = "def f(n): return 0 if n == 0 else 1 + f(n - 1)\nx = f(90000)"
        #expect(try Evaluation(deep).globals["x"]?.asInt == 90_000)
        #expect(Evaluation.failure("def f(): f()\nf()") == "Starlark stack overflow")
        #expect(Evaluation.failure("def f(x): return sorted([1], key=f)\nf(1)") == "Starlark stack overflow")
    }

    @Test func refusesRecursionWhenOff() {
        let failure = Evaluation.failure("def f(): f()\nf()", dialect: Dialect())
        #expect(failure == "function f called recursively")
    }

    @Test(arguments: [
        ("f(1)", "(1, 2, (), 3, {})"), ("f(1, 5, 6, 7, k=8, z=9)", "(1, 5, (6, 7), 8, {\"z\": 9})"),
        ("f(*[1, 2], **{'k': 3, 'y': 4})", "(1, 2, (), 3, {\"y\": 4})"), ("f(b=1, a=2)", "(2, 1, (), 3, {})"),
    ])
    func bindsArguments(_ call: String, _ want: String) throws {
        let source = "def f(a, b=2, *args, k=3, **kw): return (a, b, args, k, kw)\nx = " + call
        #expect(try Evaluation(source).globals["x"]?.repr() == want)
    }

    @Test(arguments: [
        ("f()", "function f missing 1 argument (a)"),
        ("f(1, 2, 3)", "function f accepts at most 2 positional arguments (3 given)"),
        ("f(1, a=2)", "function f got multiple values for parameter \"a\""),
        ("f(1, optoin=2)", "function f got an unexpected keyword argument \"optoin\" (did you mean option?)"),
        ("g(1)", "function g accepts no arguments (1 given)"), ("h(1)", "function h missing 1 argument (k)"),
        ("f(*1)", "argument after * must be iterable, not int"),
        ("f(**[])", "argument after ** must be a mapping, not list"),
        ("f(**{1: 2})", "keywords must be strings, not int"),
    ])
    func refusesArguments(_ call: String, _ want: String) {
        let source = "def f(a, option=2): pass\ndef g(): pass\ndef h(x, *, k): pass\n" + call
        #expect(Evaluation.failure(source) == want)
    }

    @Test func evaluatesLeftToRight() throws {
        let source = """
            log = []
            def n(x):
                log.append(x)
                return x
            def f(*a, **k): return 0
            x = [0, 0]
            n([f])[0](n(1), n(2), a=n(3), *[n(4)], **{'b': n(5)})
            x[n(0)] += n(7)
            x[n(1)] = n(8)
            y = n(1) and n(0) or n(9)
            """
        let log = try Evaluation(source).globals["log"]?.repr().replacing("[<function f>], ", with: "")
        #expect(log == "[1, 2, 3, 4, 5, 0, 7, 8, 1, 1, 0, 9]")
    }

    @Test func printsAndCallsBack() throws {
        #expect(try Evaluation("print('a', 1, sep='-')\nprint([None])").output == ["a-1", "[None]"])
        let thread = Thread()
        let globals = try Starlark.execute(
            file: "f", source: Array("def add(a, b=1): return a + b".utf8), dialect: .tilt, predeclared: [:],
            thread: thread)
        let add = try #require(globals["add"])
        #expect(try thread.call(add, Arguments(positional: [.int(2)])).asInt == 3)
        #expect(try thread.call(add, Arguments(keywords: [("b", .int(5)), ("a", .int(1))])).asInt == 6)
        #expect(thread.callStack.isEmpty)
        thread.close()
    }

    /// Bytes that are no Starlark never crash the scanner, parser or resolver.
    @Test(.timeLimit(.minutes(1))) func survivesArbitraryInput() {
        var state: UInt64 = 42
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let pieces = [
            "def ", "f", "(", ")", "[", "]", "{", "}", ":", "\n", "  ", "    ", "\t", "if ", "else", "for x in ", "'",
            "\"\"\"", "\\",
            "0x", "1e", "9", "lambda ", "*", "**", ",", "=", "load(", "not ", " in ", "return ", "\u{FF}", "é", "\r",
            ".", "x", "#", ";",
        ]
        for _ in 0..<3_000 {
            var source: [UInt8] = []
            for _ in 0..<random(40) { source += Array(pieces[random(pieces.count)].utf8) }
            if random(4) == 0 { source.append(UInt8(random(256))) }
            _ = Starlark.check(file: "f", source: source, dialect: .tilt, predeclared: [])
        }
    }
}
