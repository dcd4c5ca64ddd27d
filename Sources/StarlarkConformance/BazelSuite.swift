// SPDX-License-Identifier: Apache-2.0

import Starlark

/// Runs files of the suite that the Starlark implementations share, scored as the Go implementation.
package struct BazelSuite {
    let folder: ConformanceFolder

    /// The suite in a folder of suites.
    package init(_ folder: ConformanceFolder) {
        self.folder = folder
    }

    /// Runs each program of a file, named relative to the suite.
    package func run(_ path: String) throws -> FileResult {
        let file = try ChunkedFile("bazelbuild/" + path, in: folder)
        var result = FileResult(path: file.path)
        for chunk in file.chunks {
            let problem = evaluate(chunk, file: file.path)
            result.add(problem.map { [.init(line: chunk.firstLine, text: $0)] } ?? [])
        }
        return result
    }

    private func evaluate(_ chunk: ChunkedFile.Chunk, file: String) -> String? {
        var output: [String] = []
        let thread = Thread(print: { _, line in output.append(line) })
        defer { thread.close() }
        let lines = chunk.source.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.firstRange(of: "###").map { line[..<$0.lowerBound] } ?? line[...])
        }
        let source = lines.joined(separator: "\n")
        var failure: String?
        do {
            _ = try Starlark.execute(
                file: file, source: Array(source.utf8), dialect: Dialect(set: true, globalReassign: true),
                predeclared: Self.predeclared, thread: thread)
        } catch let error as SyntaxErrors {
            failure = error.description
        } catch let error as EvalError {
            failure = error.backtrace()
        } catch {
            failure = String(describing: error)
        }
        let wanted = chunk.expectations.compactMap { Self.expectation($0.text) }.first
        guard let wanted else {
            let problems = output + (failure.map { [$0] } ?? [])
            return problems.isEmpty ? nil : problems.joined(separator: "; ")
        }
        let message = failure?.lowercased() ?? ""
        if failure != nil && (message.contains(wanted) || Expectation.matches(message, wanted)) { return nil }
        return "want \(wanted), got \(failure ?? "success")"
    }

    /// The expectation as it concerns the Go implementation; nil when it is for others.
    private static func expectation(_ text: String) -> String? {
        for name in ["go", "java", "rust"] where text.hasPrefix(name + ":") {
            return name == "go" ? String(text.dropFirst(3).drop { $0 == " " }).lowercased() : nil
        }
        return text.lowercased()
    }

    private static var predeclared: [String: Value] {
        func check(_ name: String, _ body: @escaping (Arguments) throws -> String?) -> Value {
            .object(
                Builtin(name) { thread, arguments in
                    if let problem = try body(arguments) { thread.print(thread, problem) }
                    return .none
                })
        }
        return [
            "assert_eq": check("assert_eq") { arguments in
                let (x, y) = (arguments.positional[0], arguments.positional[1])
                return try x.isEqual(to: y) ? nil : "\(x.repr()) != \(y.repr())"
            },
            "assert_ne": check("assert_ne") { arguments in
                let (x, y) = (arguments.positional[0], arguments.positional[1])
                return try x.isEqual(to: y) ? "\(x.repr()) == \(y.repr())" : nil
            },
            "assert_": check("assert_") { arguments in
                let values = try arguments.unpack("assert_", "cond", "msg?")
                return values[0]?.truth == true ? nil : values[1]?.str() ?? "assertion failed"
            },
        ]
    }
}
