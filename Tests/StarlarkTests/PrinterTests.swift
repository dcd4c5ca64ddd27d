// SPDX-License-Identifier: Apache-2.0

import StarlarkConformance
import Testing

@testable import Starlark

/// What the printer writes must parse to the tree that was printed.
struct PrinterTests {
    /// Sources in the printer's own layout.
    static let sources = [
        "x = 1, 2", "x = (1,)", "x = ()", "x = [a, (b, c)]", "x = {1: 2, \"a\": b\"\\xff\"}",
        "x = [a for a, b in c if d if e for f in g]", "x = {a: b for a in c}", "x = lambda a, b=1, *c, **d: a",
        "x = lambda: (1, 2)", "x = not a and (b or c)", "x = a not in b", "x = a if b else c", "x = --a", "x = 1 .real",
        "x = f(a, b=c, *d, **e)", "x = a[1, 2]", "x = a[:]", "x = a[1::2]", "a.b, c[0] = d", "x //= 2",
        "def f(a, *, b):\n    return\n    return a, b", "if a:\n    pass\nelif b:\n    pass\nelse:\n    x()",
        "while a:\n    break\n    continue", "load(\"m\", \"a\", b=\"c\")", "x = \"a\\\"\\\\\\n\\x00é\"",
        "x = 1.5e+300",
        "x = 123456789012345678901234567890", "x = a << 1 | b & c ^ d >> 2",
    ]

    @Test(arguments: sources) func ownLayoutStaysAsItIs(_ source: String) throws {
        let printed = try Starlark.printed(file: "a.star", source: Array(source.utf8))
        #expect(String(decoding: printed, as: UTF8.self) == source + "\n")
    }

    @Test(.enabled(if: ConformanceData.isPresent, ConformanceData.absence))
    func allProgramsOfTheSuitesKeepTheirTree() throws {
        let folder = try #require(ConformanceData.folder)
        var count = 0
        for path in SuiteGroup.allPaths {
            let text = String(decoding: try folder.bytes(path), as: UTF8.self)
            for chunk in text.split(separator: "\n---\n") {
                guard let tree = try? Parser.parse(file: Array(chunk.utf8)) else { continue }
                let printed = Printer.print(tree)
                let again = try Parser.parse(file: printed)
                #expect(TreeDump.text(tree) == TreeDump.text(again), "\(path)")
                count += 1
            }
        }
        #expect(count > 400)
    }
}
