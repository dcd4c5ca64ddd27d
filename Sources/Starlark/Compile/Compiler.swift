// SPDX-License-Identifier: Apache-2.0

/// Turns the resolved tree into code. One instance compiles one function.
struct Compiler {
    var code = CodeBuilder()
    let environment: Environment

    /// What code refers to outside of its file. The values become constants, so that no name is looked up at run time.
    struct Environment {
        let file: String
        let predeclared: [String: Value]
        let universal: [String: Value]
    }

    /// Compiles a function and all functions in it.
    static func compile(_ node: FunctionNode, in environment: Environment) -> FunctionCode {
        var compiler = Compiler(environment: environment)
        compiler.compile(node.body)
        compiler.code.emit(.none, effect: 1)
        compiler.code.emit(.leave, effect: -1)
        return FunctionCode(compiler.code, node, file: environment.file)
    }

    mutating func compile(_ statements: [Stmt]) {
        for statement in statements { compile(statement) }
    }

    private mutating func compile(_ statement: Stmt) {
        switch statement {
        case .expression(let expr):
            // A documentation string does nothing.
            if case .literal = expr { return }
            compile(expr)
            code.emit(.pop, effect: -1)
        case .assign(let target, let value, let spot):
            compile(value)
            compileStore(target, at: spot)
        case .augmented(let operation, let target, let value, let spot):
            compileAugmented(operation, target.unparenthesized, value, spot)
        case .def(let function):
            compileFunction(function)
            compileStore(.name(function.name), at: function.spot)
        case .conditional(let clauses, let otherwise):
            compileConditional(clauses, otherwise: otherwise)
        case .loop(let variables, let iterable, let body, let spot):
            compileLoop(variables, iterable, body, spot)
        case .whileLoop(let condition, let body, _):
            compileWhile(condition, body)
        case .returning(let value, _):
            if let value { compile(value) } else { code.emit(.none, effect: 1) }
            code.emit(.leave, effect: -1)
        case .breaking:
            let exit = code.emit(.jump, effect: 0)
            code.loops[code.loops.count - 1].exits.append(exit)
        case .continuing:
            code.emit(.jump, code.loops[code.loops.count - 1].start, effect: 0)
        case .pass:
            break
        case .load(let node):
            let site = LoadSite(module: node.module.string, names: node.names.map(\.from.name))
            code.loadSites.append(site)
            code.emit(.load, code.loadSites.count - 1, effect: node.names.count, at: node.spot)
            for (_, to) in node.names.reversed() { compileStore(.name(to), at: to.spot) }
        }
    }

    private mutating func compileConditional(_ clauses: [IfClause], otherwise: [Stmt]) {
        var exits: [Int] = []
        for (index, clause) in clauses.enumerated() {
            let skip = compileJump(unless: clause.condition)
            compile(clause.body)
            if index < clauses.count - 1 || !otherwise.isEmpty { exits.append(code.emit(.jump, effect: 0)) }
            for place in skip { code.land(place) }
        }
        compile(otherwise)
        for exit in exits { code.land(exit) }
    }

    private mutating func compileLoop(_ variables: Expr, _ iterable: Expr, _ body: [Stmt], _ spot: Spot) {
        compile(iterable)
        code.emit(.iterate, effect: 0, at: spot)
        let start = code.here
        let end = compileNext(variables, spot)
        code.loops.append(CodeBuilder.Loop(start: start))
        compile(body)
        code.emit(.jump, start, effect: 0)
        code.land(end)
        for exit in code.loops.removeLast().exits { code.land(exit) }
        code.emit(.pop, effect: -1)
    }

    /// Takes the next element and stores it. Gives the place of the jump at the end of the loop.
    mutating func compileNext(_ variables: Expr, _ spot: Spot) -> Int {
        if case .name(let identifier) = variables, let binding = identifier.binding, binding.scope == .local {
            let end = code.emit(.nextLocal, effect: 0)
            code.emit(word: binding.index)
            return end
        }
        let end = code.emit(.next, effect: 1)
        compileStore(variables, at: spot)
        return end
    }

    private mutating func compileWhile(_ condition: Expr, _ body: [Stmt]) {
        let start = code.here
        let ends = compileJump(unless: condition)
        code.loops.append(CodeBuilder.Loop(start: start))
        compile(body)
        code.emit(.jump, start, effect: 0)
        for end in ends + code.loops.removeLast().exits { code.land(end) }
    }

    // MARK: Assignment

    /// Stores the value on top of the stack.
    mutating func compileStore(_ target: Expr, at spot: Spot) {
        switch target {
        case .name(let identifier):
            guard let binding = identifier.binding else { return }
            switch binding.scope {
            case .local: code.emit(.setLocal, binding.index, effect: -1)
            case .cell: code.emit(.setLocalCell, binding.index, effect: -1)
            default: code.emit(.setGlobal, binding.index, effect: -1)
            }
        case .parenthesized(let inner, _):
            compileStore(inner, at: spot)
        case .tuple(let elements, _), .list(let elements, _):
            code.emit(.unpack, elements.count, effect: elements.count - 1, at: spot)
            for element in elements { compileStore(element, at: spot) }
        case .index(let base, let index, let place):
            // The value was computed first; it waits below the parts of the target.
            compile(base)
            compile(index)
            code.emit(.setIndex, 1, effect: -3, at: place)
        case .dot(let base, let name, let place):
            compile(base)
            code.emit(.setField, code.name(name.name) << 1 | 1, effect: -2, at: place)
        default:
            break
        }
    }

    /// `target op= value`: the parts of the target are evaluated once, and before the value.
    private mutating func compileAugmented(_ operation: BinaryOperator, _ target: Expr, _ value: Expr, _ spot: Spot) {
        switch target {
        case .name:
            compile(target)
            compile(value)
            emitInPlace(operation, at: spot)
            compileStore(target, at: spot)
        case .index(let base, let index, let place):
            compile(base)
            compile(index)
            code.emit(.dup2, effect: 2)
            code.emit(.index, effect: -1, at: place)
            compile(value)
            emitInPlace(operation, at: spot)
            code.emit(.setIndex, effect: -3, at: place)
        case .dot(let base, let name, let place):
            compile(base)
            code.emit(.dup, effect: 1)
            code.emit(.attribute, code.name(name.name), effect: 0, at: place)
            compile(value)
            emitInPlace(operation, at: spot)
            code.emit(.setField, code.name(name.name) << 1, effect: -2, at: place)
        default:
            break
        }
    }

    private mutating func emitInPlace(_ operation: BinaryOperator, at spot: Spot) {
        switch operation {
        case .add: code.emit(.inPlaceAdd, effect: -1, at: spot)
        case .or: code.emit(.inPlaceOr, effect: -1, at: spot)
        default: emitBinary(operation, at: spot)
        }
    }

    mutating func emitBinary(_ operation: BinaryOperator, at spot: Spot) {
        switch operation {
        case .add: code.emit(.add, effect: -1, at: spot)
        case .subtract: code.emit(.subtract, effect: -1, at: spot)
        case .multiply: code.emit(.multiply, effect: -1, at: spot)
        default: code.emit(.binary, Int(operation.rawValue), effect: -1, at: spot)
        }
    }
}
