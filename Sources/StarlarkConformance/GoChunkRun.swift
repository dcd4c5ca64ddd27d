// SPDX-License-Identifier: Apache-2.0

import Starlark

/// One program of the starlark-go suite, with the names that the suite expects to find.
final class GoChunkRun {
    private let folder: ConformanceFolder
    private let name: String
    private var reports: [FileResult.Problem] = []
    /// How often the wording of an error was checked.
    private(set) var messages = 0

    init(folder: ConformanceFolder, name: String) {
        self.folder = folder
        self.name = name
    }

    /// The program's value of the names outside of the language.
    private static let outerNames: Set = ["hasfields", "fibonacci", "struct", "gensym"]

    /// Runs the program; gives what differs from what it expects.
    func evaluate(_ chunk: ChunkedFile.Chunk) -> [FileResult.Problem] {
        let thread = Thread()
        defer { thread.close() }
        let predeclared = predeclared()
        thread.load = { [folder] thread, module in
            switch module {
            case "assert.star":
                return try Starlark.execute(
                    file: module, source: try folder.bytes("starlark-go/assert.star"), dialect: Dialect(),
                    predeclared: predeclared, thread: thread)
            case "json.star": return ["json": .object(Starlark.jsonModule())]
            case "math.star": return ["math": .object(Starlark.mathModule())]
            case "time.star": return ["time": .object(Starlark.timeModule())]
            default:
                throw StarlarkError("no such module")
            }
        }
        var errors: [(line: Int, message: String)] = []
        do {
            _ = try Starlark.execute(
                file: name, source: Array(chunk.source.utf8), dialect: GoSuite.dialect(of: chunk.source),
                predeclared: predeclared.filter { Self.outerNames.contains($0.key) }, thread: thread)
        } catch let error as SyntaxErrors {
            errors = error.errors.map { ($0.position.line, $0.message) }
        } catch let error as EvalError {
            let place = error.frames.last { $0.position.file == name }
            errors = [(place?.position.line ?? 0, error.message)]
        } catch {
            errors = [(0, String(describing: error))]
        }
        return reports + Expectation.compare(errors, with: chunk)
    }

    /// The name of the function that called the builtin at work.
    private static func caller(_ thread: Thread) -> String? { thread.callStack.dropLast().last?.name }

    private func report(_ thread: Thread, _ message: String) {
        let place = thread.callStack.dropLast().last { $0.position.file == name }
        reports.append(
            FileResult.Problem(
                line: place?.position.line ?? 0, text: message,
                isMessage: Self.caller(thread) == "_fails" && !message.hasPrefix("evaluation succeeded")))
    }

    private func predeclared() -> [String: Value] {
        func builtin(_ name: String, _ body: @escaping (Thread, Arguments) throws -> Value) -> Value {
            .object(Builtin(name, body))
        }
        return [
            "error": builtin("error") { [self] thread, arguments in
                report(thread, arguments.positional.map { $0.str() }.joined(separator: " "))
                return .none
            },
            "catch": builtin("catch") { [self] thread, arguments in
                if Self.caller(thread) == "_fails" { messages += 1 }
                do {
                    _ = try thread.call(arguments.positional[0], Arguments())
                    return .none
                } catch {
                    return .string(String(describing: error))
                }
            },
            "matches": builtin("matches") { _, arguments in
                .bool(Expectation.matches(arguments.positional[1].str(), arguments.positional[0].str()))
            },
            "module": builtin("module") { _, arguments in
                let members = Dictionary(uniqueKeysWithValues: arguments.keywords.map { ($0.name, $0.value) })
                return .object(StarlarkModule(arguments.positional[0].str(), members))
            },
            "_freeze": builtin("freeze") { _, arguments in
                arguments.positional[0].freeze()
                return arguments.positional[0]
            },
            "_floateq": builtin("_floateq") { _, arguments in
                guard case .float(let x) = arguments.positional[0], case .float(let y) = arguments.positional[1] else {
                    return .bool(false)
                }
                return .bool(x == y || (x.isNaN && y.isNaN) || x.nextUp == y || y.nextUp == x)
            },
            "hasfields": builtin("hasfields") { _, _ in .foreign(HasFields()) },
            "fibonacci": .foreign(Fibonacci()),
            "gensym": builtin("gensym") { _, arguments in .foreign(Symbol(arguments.keywords[0].value.str())) },
            "struct": .object(StarlarkStruct.constructorFunction()),
        ]
    }
}
