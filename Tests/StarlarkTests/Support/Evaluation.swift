// SPDX-License-Identifier: Apache-2.0

@testable import Starlark

/// Runs source text for a test.
struct Evaluation {
    var globals: [String: Value] = [:]
    /// What `print` wrote.
    var output: [String] = []

    /// Runs a file named `test.star`; throws what the interpreter throws.
    init(
        _ source: String, dialect: Dialect = .tilt, predeclared: [String: Value] = [:],
        files: [String: String] = [:], configure: (Thread) -> Void = { _ in }
    ) throws {
        var lines: [String] = []
        let thread = Thread(print: { _, line in lines.append(line) })
        thread.load = { thread, module in
            guard let source = files[module] else { throw StarlarkError("no such file") }
            return try Starlark.execute(
                file: module, source: Array(source.utf8), dialect: dialect, predeclared: predeclared, thread: thread)
        }
        configure(thread)
        defer { output = lines }
        globals = try Starlark.execute(
            file: "test.star", source: Array(source.utf8), dialect: dialect, predeclared: predeclared, thread: thread)
    }

    /// The `repr` of one expression.
    static func repr(_ expression: String, dialect: Dialect = .tilt) throws -> String {
        let run = try Evaluation("result = (\(expression))", dialect: dialect)
        return run.globals["result"]?.repr() ?? "no result"
    }

    /// The message of the error that running the source ends with; nil when it succeeds.
    static func failure(_ source: String, dialect: Dialect = .tilt, predeclared: [String: Value] = [:]) -> String? {
        do {
            _ = try Evaluation(source, dialect: dialect, predeclared: predeclared)
            return nil
        } catch let error as SyntaxErrors {
            return error.description
        } catch {
            return String(describing: error)
        }
    }
}
