// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

/// The public conformance suites. What fails is listed here with its reason, so that nothing else can start to fail.
@Suite(.enabled(if: ConformanceData.isPresent, "the conformance data is not beside the checkout"))
struct ConformanceTests {
    @Test(
        arguments: [
            "assign", "bool", "builtins", "bytes", "control", "dict", "float", "function", "int", "json", "list",
            "misc",
            "module", "recursion", "set", "string", "tuple", "while",
        ])
    func starlarkGo(_ name: String) throws {
        expectNone(try GoSuite("starlark/\(name).star").run())
    }

    @Test func starlarkGoStruct() throws {
        expectNone(try GoSuite("starlarkstruct/struct.star").run())
    }

    @Test func starlarkGoSyntaxErrors() throws {
        expectNone(try GoSuite("syntax/errors.star").check(parseOnly: true))
    }

    @Test func starlarkGoResolver() throws {
        expectNone(try GoSuite("resolve/resolve.star").check(parseOnly: false))
    }

    @Test func parsesLargeFile() throws {
        let source = Array(try ConformanceData.text("starlark-go/syntax/scan.star").utf8)
        #expect(try Parser.parse(file: source).count > 50)
    }

    @Test(
        arguments: [
            "assign", "bool", "builtins", "control", "dict", "function", "int", "list", "misc", "string", "tuple",
        ])
    func bazelGo(_ name: String) throws {
        expectNone(try BazelSuite("go/\(name).star").run())
    }

    @Test(
        arguments: [
            "java/all_any", "java/and_or_not", "java/dict", "java/equality", "java/int", "java/int_constructor",
            "java/int_function", "java/list_mutation", "java/list_slices", "java/min_max", "java/range",
            "java/reversed", "java/string_elems", "java/string_find", "java/string_format", "java/string_misc",
            "java/string_partition", "java/string_slice_index", "java/string_split", "java/string_splitlines",
            "java/string_test_characters", "rust/bool", "rust/dict", "rust/int", "rust/josharian_fuzzing",
            "rust/mutation_during_iteration", "rust/regression", "rust/string",
        ])
    func bazelOthers(_ name: String) throws {
        expectNone(try BazelSuite("\(name).star").run())
    }

    /// Shows each failed program, not the list as a whole.
    private func expectNone(_ failures: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        for failure in failures { Issue.record(Comment(rawValue: failure), sourceLocation: sourceLocation) }
    }
}
