// SPDX-License-Identifier: Apache-2.0

/// A program that is entered piece by piece. Each piece sees what the ones before it have bound; functions keep the
/// values that globals had in the piece that defined them or that it assigned itself.
package final class Session {
    /// The evaluation in which all pieces run.
    package let thread: Thread
    private let dialect: Dialect
    private let predeclared: [String: Value]
    /// What the pieces so far have bound. `_` is the value of the last expression.
    package private(set) var globals: [String: Value] = [:]

    /// Begins a program. Names of `predeclared` are there from the start.
    package init(thread: Thread, dialect: Dialect, predeclared: [String: Value]) {
        self.thread = thread
        self.dialect = dialect
        self.predeclared = predeclared
    }

    /// Runs a piece. Gives the value of a piece that is one expression, and nil for statements.
    /// Throws as `Starlark.execute` does; what was bound until then stays.
    package func run(file: String, source: [UInt8]) throws -> Value? {
        let outside = predeclared.merging(globals) { $1 }
        let (resolver, isExpression) = try Starlark.resolvePiece(
            file: file, source: source, dialect: dialect, predeclared: outside, universe: thread.universe)
        let module = Starlark.module(resolver, file: file, dialect: dialect, predeclared: outside, thread: thread)
        module.state.adopt(globals)
        defer { globals.merge(module.state.values) { $1 } }
        _ = try thread.call(.object(module.toplevel), Arguments())
        return isExpression ? module.state.values[Starlark.resultName] : nil
    }

    /// Whether more lines must follow: a bracket, a string or a block is open. A block of lines ends with a blank one.
    package static func isOpen(_ source: [UInt8]) -> Bool {
        var lines = source.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        let endsBlank = lines.last?.allSatisfy { $0 == 0x20 || $0 == 0x09 } ?? true
        switch Parser.completeness(of: source) {
        case .open: return true
        case .block: return !endsBlank
        case .complete: return false
        }
    }
}

extension Starlark {
    /// The name that gets the value of an expression which is a piece of its own.
    static let resultName = "_"

    /// As `resolve`, but an expression alone assigns its value to `resultName`.
    fileprivate static func resolvePiece(
        file: String, source: [UInt8], dialect: Dialect, predeclared: [String: Value], universe: [String: Value]
    ) throws(SyntaxErrors) -> (Resolver, isExpression: Bool) {
        var statements = try parse(file: file, source: source)
        var isExpression = false
        if statements.count == 1, case .expression(let expr) = statements[0] {
            let target = Identifier(name: resultName, spot: expr.start)
            statements = [.assign(target: .name(target), value: expr, expr.start)]
            isExpression = true
        }
        let resolver = try resolve(
            statements, file: file, dialect: dialect, predeclared: predeclared, universe: universe)
        return (resolver, isExpression)
    }
}

extension Parser {
    /// How far a source goes.
    enum Completeness {
        /// Something is open at the end.
        case open
        /// It ends with a statement that has a block, to which lines can be added.
        case block
        /// Complete, or wrong in a way that more lines do not mend.
        case complete
    }

    static func completeness(of source: [UInt8]) -> Completeness {
        var parser: Parser
        do throws(SyntaxError) {
            parser = try Parser(source)
        } catch {
            return .complete
        }
        var statements: [Stmt] = []
        do throws(SyntaxError) {
            while parser.token != .endOfFile {
                if parser.token == .newline {
                    try parser.scanner.advance()
                } else {
                    try parser.parseStatement(into: &statements)
                }
            }
        } catch {
            // After a newline token the end is reached too, but the line before it is wrong by itself.
            return parser.scanner.isAtEnd && parser.token != .newline && parser.token != .outdent ? .open : .complete
        }
        switch statements.last {
        case .def, .conditional, .loop, .whileLoop: return .block
        default: return .complete
        }
    }
}
