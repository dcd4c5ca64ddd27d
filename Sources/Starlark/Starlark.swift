// SPDX-License-Identifier: Apache-2.0

/// Runs Starlark.
package enum Starlark {
    /// Parses, resolves, compiles and runs a file, and gives its globals, frozen unless asked otherwise.
    ///
    /// Throws `SyntaxErrors` when the file is no program, and `EvalError` when it fails. `file` is what positions show.
    package static func execute(
        file: String, source: [UInt8], dialect: Dialect, predeclared: [String: Value], thread: Thread,
        freeze: Bool = true
    ) throws -> [String: Value] {
        let resolver = try resolve(
            parse(file: file, source: source), file: file, dialect: dialect, predeclared: predeclared,
            universe: thread.universe)
        let (module, function) = module(
            resolver, file: file, dialect: dialect, predeclared: predeclared, thread: thread)
        defer {
            // What the file made is shared from here on, also when it failed half-way.
            if freeze { for value in module.values.values { value.freeze() } }
        }
        _ = try thread.call(.object(function), Arguments())
        return module.values
    }

    /// Compiles a resolved file, and makes the globals in which its code will run.
    static func module(
        _ resolver: Resolver, file: String, dialect: Dialect, predeclared: [String: Value], thread: Thread
    ) -> (state: ModuleState, toplevel: StarlarkFunction) {
        let environment = Compiler.Environment(file: file, predeclared: predeclared, universal: thread.universe)
        let code = Compiler.compile(resolver.toplevel, in: environment)
        let module = ModuleState(
            names: resolver.globals.map { $0.first?.name ?? "" }, allowsRecursion: dialect.recursion)
        thread.register(module)
        return (module, StarlarkFunction(code: code, module: module, defaults: [], cells: []))
    }

    /// Everything that is wrong with a file before it runs; empty when nothing is. `predeclared` are names from outside.
    package static func check(
        file: String, source: [UInt8], dialect: Dialect, predeclared: Set<String>
    ) -> [(position: Position, message: String)] {
        let values = Dictionary(uniqueKeysWithValues: predeclared.map { ($0, Value.none) })
        do throws(SyntaxErrors) {
            _ = try resolve(
                parse(file: file, source: source), file: file, dialect: dialect, predeclared: values,
                universe: universe())
            return []
        } catch {
            return error.errors
        }
    }

    /// What the scanner or the parser finds wrong with a file: nothing, or the first fault.
    package static func parseErrors(file: String, source: [UInt8]) -> [(position: Position, message: String)] {
        do throws(SyntaxError) {
            _ = try Parser.parse(file: source)
            return []
        } catch {
            return [(error.spot.position(in: file), error.message)]
        }
    }

    static func parse(file: String, source: [UInt8]) throws(SyntaxErrors) -> [Stmt] {
        do throws(SyntaxError) {
            return try Parser.parse(file: source)
        } catch {
            throw SyntaxErrors([(error.spot.position(in: file), error.message)])
        }
    }

    static func resolve(
        _ statements: [Stmt], file: String, dialect: Dialect, predeclared: [String: Value],
        universe: [String: Value]
    ) throws(SyntaxErrors) -> Resolver {
        let resolver = Resolver(
            statements, file: file, dialect: dialect, isPredeclared: { predeclared[$0] != nil },
            isUniversal: { universe[$0] != nil }, outsideNames: { Array(predeclared.keys) + Array(universe.keys) })
        try resolver.run()
        return resolver
    }
}
