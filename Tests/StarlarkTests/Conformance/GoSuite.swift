// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Starlark

/// Runs files of the starlark-go suite.
struct GoSuite {
    let file: ChunkedFile
    private(set) var problems: [String] = []

    init(_ path: String) throws {
        file = try ChunkedFile("starlark-go/" + path)
    }

    /// The text of a Go string literal.
    static func unquote(_ literal: String) -> String {
        guard let quote = literal.first, let end = literal.dropFirst().lastIndex(of: quote) else { return literal }
        let inner = literal[literal.index(after: literal.startIndex)..<end]
        if quote == "`" { return String(inner) }
        var text = ""
        var escaped = false
        for character in inner {
            if !escaped && character == "\\" {
                escaped = true
                continue
            }
            text += escaped && character == "n" ? "\n" : String(character)
            escaped = false
        }
        return text
    }

    static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let regex = try? Regex(pattern) else { return false }
        return text.firstMatch(of: regex) != nil
    }

    static func dialect(of source: String) -> Dialect {
        let has = { (name: String) in source.contains("option:" + name) }
        return Dialect(
            set: has("set"), globalReassign: has("globalreassign"), recursion: has("recursion"),
            topLevelControl: has("toplevelcontrol"), whileLoops: has("while"),
            loadBindsGlobally: has("loadbindsglobally"))
    }

    /// Runs each chunk; gives the failed ones as `line: what went wrong`.
    func run() -> [String] {
        file.chunks.compactMap { chunk in
            let found = evaluate(chunk)
            return found.isEmpty ? nil : "\(chunk.firstLine): " + found.joined(separator: "; ")
        }
    }

    /// Parses or resolves only, as the files about errors want it; compares all errors line by line.
    func check(parseOnly: Bool) -> [String] {
        file.chunks.compactMap { chunk in
            let source = Array(chunk.source.utf8)
            var errors: [(line: Int, message: String)] = []
            do throws(SyntaxError) {
                _ = try Parser.parse(file: source)
            } catch {
                errors = [(Int(error.spot.line), error.message)]
            }
            if errors.isEmpty && !parseOnly {
                errors = Starlark.check(
                    file: "/data/" + file.path, source: source, dialect: Self.dialect(of: chunk.source),
                    predeclared: ["M", "U"]
                ).map { ($0.position.line, $0.message) }
            }
            let found = Self.compare(errors, with: chunk)
            return found.isEmpty ? nil : "\(chunk.firstLine): " + found.joined(separator: "; ")
        }
    }

    private static func compare(_ errors: [(line: Int, message: String)], with chunk: ChunkedFile.Chunk) -> [String] {
        var missing = chunk.expectations
        var found: [String] = []
        for error in errors {
            let index = missing.firstIndex { $0.line == error.line && matches(error.message, unquote($0.text)) }
            if let index {
                missing.remove(at: index)
            } else {
                found.append("unexpected \(error.line): \(error.message)")
            }
        }
        return found + missing.map { "missing \($0.line): \($0.text)" }
    }

    private func evaluate(_ chunk: ChunkedFile.Chunk) -> [String] {
        var reports: [String] = []
        let name = "/data/" + file.path
        let thread = Thread()
        let predeclared = Self.predeclared { reports.append($0) }
        thread.load = { thread, module in
            switch module {
            case "assert.star":
                return try Starlark.execute(
                    file: module, source: Array(try ConformanceData.text("starlark-go/assert.star").utf8),
                    dialect: Dialect(), predeclared: predeclared, thread: thread)
            case "json.star": return ["json": .object(Starlark.jsonModule())]
            default:
                throw StarlarkError("no such module")
            }
        }
        let outer = predeclared.filter { ["hasfields", "fibonacci", "struct", "gensym"].contains($0.key) }
        var errors: [(line: Int, message: String)] = []
        do {
            _ = try Starlark.execute(
                file: name, source: Array(chunk.source.utf8), dialect: Self.dialect(of: chunk.source),
                predeclared: outer, thread: thread)
        } catch let error as SyntaxErrors {
            errors = error.errors.map { ($0.position.line, $0.message) }
        } catch let error as EvalError {
            let place = error.frames.last { $0.position.file == name }
            errors = [(place?.position.line ?? 0, error.message)]
        } catch {
            errors = [(0, String(describing: error))]
        }
        return reports + Self.compare(errors, with: chunk)
    }

    private static func predeclared(report: @escaping (String) -> Void) -> [String: Value] {
        func builtin(_ name: String, _ body: @escaping (Thread, Arguments) throws -> Value) -> Value {
            .object(Builtin(name, body))
        }
        return [
            "error": builtin("error") { thread, arguments in
                let place = thread.callStack.dropLast().last { $0.position.file.hasPrefix("/data/") }
                let message = arguments.positional.map { $0.str() }.joined(separator: " ")
                report("line \(place?.position.line ?? 0): \(message)")
                return .none
            },
            "catch": builtin("catch") { thread, arguments in
                do {
                    _ = try thread.call(arguments.positional[0], Arguments())
                    return .none
                } catch {
                    return .string(String(describing: error))
                }
            },
            "matches": builtin("matches") { _, arguments in
                .bool(matches(arguments.positional[1].str(), arguments.positional[0].str()))
            },
            "module": builtin("module") { _, arguments in
                let members = Dictionary(uniqueKeysWithValues: arguments.keywords.map { ($0.name, $0.value) })
                return .object(StarlarkModule(arguments.positional[0].str(), members))
            },
            "_freeze": .object(
                Builtin("freeze") { _, arguments in
                    arguments.positional[0].freeze()
                    return arguments.positional[0]
                }),
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
