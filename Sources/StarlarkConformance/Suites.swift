// SPDX-License-Identifier: Apache-2.0

/// A part of the public suites with a bar of its own.
package struct SuiteGroup: Sendable {
    /// What reports call it.
    package let name: String
    /// The least share of programs that must do what the suite wants.
    package let bar: Double
    /// Its files, and how each is run.
    let files: [File]

    enum File: Sendable {
        /// Programs to run.
        case go(String)
        /// Programs whose errors of syntax are compared.
        case goErrors(String)
        /// Programs whose errors of resolution are compared.
        case goNames(String)
        /// A file that must parse.
        case goParse(String)
        case bazel(String)

        /// The file, relative to the folder of the suites.
        var path: String {
            switch self {
            case .go(let path), .goErrors(let path), .goNames(let path), .goParse(let path): "starlark-go/" + path
            case .bazel(let path): "bazelbuild/" + path
            }
        }
    }

    /// Runs all files, and tells of each as soon as it is done.
    package func run(_ folder: ConformanceFolder, each: (FileResult) -> Void = { _ in }) throws -> [FileResult] {
        try files.map { file in
            let result =
                switch file {
                case .go(let path): try GoSuite(folder).run(path)
                case .goErrors(let path): try GoSuite(folder).check(path, parseOnly: true)
                case .goNames(let path): try GoSuite(folder).check(path, parseOnly: false)
                case .goParse(let path): try GoSuite(folder).parse(path)
                case .bazel(let path): try BazelSuite(folder).run(path)
                }
            each(result)
            return result
        }
    }

    /// All groups that are scored. Not among them: `function_param`, `paths` and `benchmark`, which their own
    /// project does not run either, and `proto`, a library of that project.
    package static let all = [
        SuiteGroup(
            name: "starlark-go", bar: 0.99,
            files: [
                "assign", "bool", "builtins", "bytes", "control", "dict", "float", "function", "int", "json", "list",
                "math", "misc", "module", "recursion", "set", "string", "time", "tuple", "while",
            ].map { .go("starlark/\($0).star") } + [
                .go("starlarkstruct/struct.star"), .goErrors("syntax/errors.star"), .goParse("syntax/scan.star"),
                .goNames("resolve/resolve.star"),
            ]),
        SuiteGroup(
            name: "bazelbuild go", bar: 1,
            files: [
                "assign", "bool", "builtins", "control", "dict", "function", "int", "list", "misc", "string", "tuple",
            ].map { .bazel("go/\($0).star") }),
        SuiteGroup(
            name: "bazelbuild java", bar: 0.9,
            files: [
                "all_any", "and_or_not", "dict", "equality", "int", "int_constructor", "int_function", "list_mutation",
                "list_slices", "min_max", "range", "reversed", "string_elems", "string_find", "string_format",
                "string_misc", "string_partition", "string_slice_index", "string_split", "string_splitlines",
                "string_test_characters",
            ].map { .bazel("java/\($0).star") }),
        SuiteGroup(
            name: "bazelbuild rust", bar: 0.9,
            files: [
                "bool", "dict", "int", "josharian_fuzzing", "mutation_during_iteration", "regression", "string",
            ].map { .bazel("rust/\($0).star") }),
    ]

    /// All files of all groups, relative to the folder of the suites.
    package static var allPaths: [String] { all.flatMap(\.files).map(\.path) }

    /// The least share of error texts, checked by `assert.fails`, that must match.
    package static let messageBar = 0.95
}
