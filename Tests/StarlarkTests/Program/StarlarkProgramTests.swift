// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Testing

/// The program `starlark`, run as its user runs it.
@Suite(.timeLimit(.minutes(2)))
struct StarlarkProgramTests {
    /// Runs a shell line in a folder with these files; `$S` is the program.
    private func run(_ line: String, files: [String: String] = [:]) throws -> (status: Int32, output: String) {
        let folder = try TemporaryDirectory("starlark")
        for (name, text) in files { try folder.write(name, text) }
        // Removed when nothing refers to it any more.
        defer { withExtendedLifetime(folder) {} }
        let setting = ["S=\(BuiltProducts.directory)/starlark", "LANG=C.UTF-8"]
        return TestProgram.run(["bash", "-c", "cd \(folder.path) && \(line)"], setting: setting)
    }

    @Test func runsAFileWithWhatItLoads() throws {
        let result = try run(
            "mkdir sub && mv b.star c.star sub && $S a.star one --two",
            files: [
                "a.star": "load('sub/b.star', 'double')\nprint(double(21), args)\n",
                "b.star": "load('c.star', 'k')\ndef double(x): return x * k\n", "c.star": "k = 2\n",
            ])
        #expect(result.status == 0)
        #expect(result.output == "42 [\"one\", \"--two\"]\n")
    }

    @Test func printsWhereAnErrorIs() throws {
        let result = try run("$S a.star", files: ["a.star": "def f(x):\n    return 1 // x\nprint('before')\nf(0)\n"])
        #expect(result.status == 1)
        #expect(
            result.output == """
                before
                Traceback (most recent call last):
                  a.star:4:2: in <toplevel>
                  a.star:2:14: in f
                Error: floored division by zero

                """)
    }

    @Test func refusesCyclesOfLoads() throws {
        let result = try run(
            "$S x.star", files: ["x.star": "load('y.star', 'a')\n", "y.star": "load('x.star', 'a')\n"])
        #expect(result.status == 1)
        #expect(result.output.contains("cycle in load graph"))
    }

    /// Switches of the dialect, a program that needs them, and a part of the error when they are off.
    static let switches = [
        ("set", "set([1])", "does not support sets"), ("while", "while False: pass", "while"),
        ("recursion", "def f(n): return n and f(n - 1)\nf(1)", "called recursively"),
        ("globalreassign", "x = 1\nx = 2", "cannot reassign"), ("toplevelcontrol", "if True: pass", "if"),
    ]

    @Test(arguments: switches) func eachSwitchCanBeTurnedOff(_ name: String, _ source: String, _ error: String) throws {
        let files = ["a.star": source + "\n"]
        #expect(try run("$S a.star", files: files).status == 0)
        let off = try run("$S --no-\(name) a.star", files: files)
        #expect(off.status == 1)
        #expect(off.output.contains(error), "\(off.output)")
    }

    @Test func stopsAtTheStepLimit() throws {
        let result = try run("$S --steps 1000 a.star", files: ["a.star": "while True: pass\n"])
        #expect(result.status == 1)
        #expect(result.output.contains("too many steps"))
    }

    @Test func anInterruptEndsTheProgram() throws {
        let result = try run(
            "{ $S a.star & sleep 0.5; kill -INT $!; wait $!; }", files: ["a.star": "while True: pass\n"])
        #expect(result.status == 130)
        #expect(result.output == "starlark: interrupted\n")
    }

    @Test func modulesAreThereWhenAskedFor() throws {
        let files = ["a.star": "print(math.floor(math.pi), time.parse_duration('90m'))\n"]
        #expect(try run("$S --math --time a.star", files: files).output == "3 1h30m0s\n")
        #expect(try run("$S a.star", files: files).output.contains("undefined: math"))
    }

    @Test func readsPiecesFromAPipe() throws {
        let source = "x = 1\nx += 1\ndef f():\n  return x + 1\n\nf()\n[1,\n2]\n1 // 0\nx\n"
        let result = try run("$S < a.txt", files: ["a.txt": source])
        #expect(result.status == 1)
        #expect(
            result.output == """
                3
                [1, 2]
                Traceback (most recent call last):
                  <stdin>:9:3: in <toplevel>
                Error: floored division by zero
                2

                """)
    }

    @Test(.enabled(if: TmuxSession.isAvailable, "tmux is not installed"))
    func editsLinesInATerminal() async throws {
        let session = try await TmuxSession(
            width: 60, height: 20, environment: ["S=\(BuiltProducts.directory)/starlark"])
        session.type("$S")
        try await session.wait("the prompt") { $0.contains(">>>") }
        // The cursor goes back over a character of several bytes.
        session.press("len('aé')", "Left", "Left", "BSpace", "x", "End", "C-a", "1", "0", "+", "Enter")
        try await session.wait("the sum") { $0.contains(">>> 10+len('ax')") && $0.contains("\n12") }
        session.type("def f(x):")
        try await session.wait("the second prompt") { $0.contains("...\n") }
        session.type("  return x * 2")
        session.press("Enter")
        session.type("f(4)")
        try await session.wait("the result") { $0.contains("\n8") }
        session.press("Up", "C-w", "f(5)", "Enter")
        try await session.wait("the edited line") { $0.contains("\n10") }
        session.press("rubbish", "C-c")
        try await session.wait("the given up line") { $0.contains("rubbish^C") }
        // What runs for ever says first that it runs.
        session.type("def g():")
        session.type("  print('going')")
        session.type("  while True: pass")
        session.press("Enter")
        session.type("g()")
        try await session.wait("the running program") { $0.contains("\ngoing") }
        session.press("C-c")
        try await session.wait("the interrupt") { $0.contains("interrupted") }
        session.press("C-d")
        try await session.wait("the shell") { $0.split(separator: "\n").last?.hasPrefix("READY>") == true }
        session.type("echo left $?")
        try await session.wait("the status") { $0.contains("left 0") }
    }
}
