// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Testing

@testable import SwiftBuilder

@Suite struct BuildOutputParserTests {
    private func parse(_ text: String) -> BuildOutputParser {
        var parser = BuildOutputParser()
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { _ = parser.add(String(line)) }
        return parser
    }

    @Test(
        arguments: [
            ("[12/40] Compiling App main.swift", 12, 40, "Compiling App main.swift"),
            ("[0/1] Planning build", 0, 1, "Planning build"),
            ("[3/4] Linking beta-tool", 3, 4, "Linking beta-tool"),
        ])
    func readsProgress(_ line: String, _ done: Int, _ total: Int, _ step: String) {
        var parser = BuildOutputParser()
        #expect(parser.add(line) == .progress(done: done, total: total, step: step))
    }

    @Test(arguments: ["[1/2", "[a/2] x", "[1] x", "Build complete! (0.25s)", "Building for debugging...", "", "[/] x"])
    func isNoProgress(_ line: String) {
        var parser = BuildOutputParser()
        #expect(parser.add(line) == nil)
        #expect(parser.diagnostics.isEmpty)
    }

    @Test(
        arguments: [
            ("/a/b.swift:3:14: error: no such: thing", "/a/b.swift", 3, 14, "error", "no such: thing"),
            ("/a b/c:d.swift:1:2: warning: w", "/a b/c:d.swift", 1, 2, "warning", "w"),
            ("error: no such module", nil, nil, nil, "error", "no such module"),
            ("ld.lld: error: undefined symbol: f", nil, nil, nil, "error", "ld.lld: undefined symbol: f"),
            ("/usr/bin/ld.gold: error: cannot find -lx", nil, nil, nil, "error", "/usr/bin/ld.gold: cannot find -lx"),
            ("warning: 'p': found 1 file(s)", nil, nil, nil, "warning", "'p': found 1 file(s)"),
        ] as [(String, String?, Int?, Int?, String, String)])
    func readsHeaders(
        _ line: String, _ file: String?, _ number: Int?, _ column: Int?, _ severity: String, _ message: String
    ) {
        let found = BuildOutputParser.header(line)
        #expect(found?.location == file.map { SourceLocation(file: $0, line: number, column: column) })
        #expect(found?.severity.rawValue == severity)
        #expect(found?.message == message)
    }

    @Test(
        arguments: [
            " 5 | print(\"error: no\")", "  |   `- error: cannot find 'x' in scope", "error", "an error: here",
            "clang: error: linker command failed with exit code 1 (use -v to see invocation)",
            "error: fatalError", "error: cancelled", "error: ExitCode(rawValue: 1)",
            "error: 'p': Invalid manifest (compiled with: [\"swiftc\", \"Package.swift\"])",
        ])
    func isNoDiagnostic(_ line: String) { #expect(parse(line).diagnostics.isEmpty) }

    @Test(
        arguments: [
            ("error: input file '/p/b.swift' was modified during the build", ["/p/b.swift"]),
            (
                "error: input file '/p/b.swift' was modified during the build\n"
                    + "error: input file '/p/a b.swift' was modified during the build",
                ["/p/a b.swift", "/p/b.swift"]
            ),
            ("error: input file '/p/b.swift' was modified during the build\n/p/a.swift:1:2: error: no", nil),
            ("/p/a.swift:1:2: error: no", nil), ("warning: input file '/p/b' was modified during the build", nil),
            ("error: emit-module command failed", nil), ("", nil),
        ] as [(String, [String]?)])
    func tellsSavesFromFaults(_ text: String, _ files: [String]?) {
        let failure = BuildFailure(diagnostics: parse(text).diagnostics, outputTail: [], duration: .zero)
        #expect(failure.filesSavedMeanwhile == files)
    }

    /// Emit-module and compile print the same.
    @Test func tellsOnce() {
        let text = """
            [5/9] Emitting module App
            /p/main.swift:2:7: error: cannot find 'x' in scope
            1 | import Shared
            2 | print(x)
              |       `- error: cannot find 'x' in scope
            3 |
            [6/9] Compiling App main.swift
            /p/main.swift:2:7: error: cannot find 'x' in scope
            1 | import Shared
            2 | print(x)
              |       `- error: cannot find 'x' in scope
            3 |
            /p/main.swift:4:1: warning: unused
            error: fatalError
            """
        let parser = parse(text)
        #expect(
            parser.diagnostics.map(\.description) == [
                "/p/main.swift:2:7: error: cannot find 'x' in scope", "/p/main.swift:4:1: warning: unused",
            ])
        #expect(parser.compiled == ["App main.swift"])
    }

    @Test func notesBelongToWhatTheyExplain() {
        let text = """
            /p/a.swift:3:1: error: ambiguous use of 'f'
            1 | func f(_: Int) {}
              |      `- note: found this candidate
            2 | func f(_: Int, b: Int = 0) {}
              |      `- note: found this candidate
            3 | f(1)
              | `- error: ambiguous use of 'f'
            /p/b.swift:9:2: note: and one more
            /p/a.swift:7:1: error: next
            """
        let found = parse(text).diagnostics
        #expect(found.map(\.message) == ["ambiguous use of 'f'", "next"])
        #expect(found.first?.notes.map { $0.location?.line } == [1, 2, 9])
        #expect(found.first?.notes.first?.location?.file == "/p/a.swift")
        #expect(found.last?.notes.isEmpty == true)
    }

    @Test func linkersTellWhereFrom() {
        let text = """
            [7/8] Linking app
            error: link command failed with exit code 1 (use -v to see invocation)
            ld.lld: error: undefined symbol: missing
            >>> referenced by main.swift:3 (/p/main.swift:3)
            >>>               /p/main.swift.o:(main)
            clang: error: linker command failed with exit code 1 (use -v to see invocation)
            """
        let found = parse(text).diagnostics
        #expect(found.map(\.message) == ["ld.lld: undefined symbol: missing"])
        #expect(
            found.first?.notes.map(\.message) == [
                "referenced by main.swift:3 (/p/main.swift:3)", "/p/main.swift.o:(main)",
            ])
    }

    /// SwiftPM writes no line end after it says that it waits.
    @Test func readsWhatFollowsAWait() {
        let wait =
            "Another instance of SwiftPM (PID: 7) is already running using '/p/.build-devloop', waiting until that "
            + "process has finished execution..."
        #expect(parse(wait).diagnostics.isEmpty)
        #expect(parse(wait + "error: no such module").diagnostics.map(\.message) == ["no such module"])
        #expect(
            parse(wait + "/p/Package.swift:1:2: error: e").diagnostics.first?.location
                == SourceLocation(file: "/p/Package.swift", line: 1, column: 2))
    }

    @Test func keepsTheLastLines() {
        let parser = parse((1...100).map(String.init).joined(separator: "\n"))
        #expect(parser.tail == (61...100).map(String.init))
    }
}
