// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import StarlarkConformance
import Testing

/// The runner sees what is wrong: a suite that passes proves nothing otherwise.
struct RunnerTests {
    private static let assertions = """
        def _fails(f, pattern):
            msg = catch(f)
            if msg == None:
                error("evaluation succeeded unexpectedly")
            elif not matches(pattern, msg):
                error("did not match " + msg)
        def _eq(x, y):
            if x != y:
                error("%r != %r" % (x, y))
        assert = module("assert", fails = _fails, eq = _eq)
        """
    private static let load = "load('assert.star', 'assert')\n"

    /// A program, and what it gives: chunks that fail, failed and all checks of wording, lines of problems.
    static let programs: [(String, Int, Int, Int, [Int])] = [
        ("\(load)assert.eq(1, 1)", 0, 0, 0, []), ("\(load)\nassert.eq(1, 2)", 1, 0, 0, [3]),
        ("\(load)assert.fails(lambda: 1 // 0, 'by zero')", 0, 0, 1, []),
        ("\(load)assert.fails(lambda: 1 // 0, 'other words')", 0, 1, 1, [2]),
        ("\(load)assert.fails(lambda: 1, 'by zero')", 1, 0, 1, [2]),
        ("1 // 0 ### \"by zero\"", 0, 0, 0, []), ("1 // 0 ### \"other\"", 1, 0, 0, [1, 1]),
        ("x = 1 ### \"by zero\"\n---\n1 // 0", 2, 0, 0, [1, 3]), ("1 // 0\npass ### \"by zero\"", 1, 0, 0, [1, 2]),
    ]

    @Test(arguments: programs) func differencesAreSeen(_ program: (String, Int, Int, Int, [Int])) throws {
        let (source, failed, failedMessages, messages, lines) = program
        let folder = try TemporaryDirectory("suite")
        defer { withExtendedLifetime(folder) {} }
        try folder.write("starlark-go/assert.star", Self.assertions)
        try folder.write("starlark-go/starlark/a.star", source + "\n")
        let result = try GoSuite(#require(ConformanceFolder(folder.path))).run("starlark/a.star")
        #expect(result.failedChunks == failed)
        #expect(result.failedMessages == failedMessages)
        #expect(result.messages == messages)
        #expect(result.problems.map(\.line) == lines)
        #expect(KnownDifferences.unlisted(in: [result]).count == lines.count)
    }
}
