// SPDX-License-Identifier: Apache-2.0

extension Compiler {
    /// Emits code that leaves the value of an expression on the stack.
    mutating func compile(_ expr: Expr) {
        switch expr {
        case .name(let identifier): compileName(identifier)
        case .literal(let value, _): code.emit(.constant, code.constant(value), effect: 1)
        case .parenthesized(let inner, _): compile(inner)
        case .list(let elements, _):
            for element in elements { compile(element) }
            code.emit(.makeList, elements.count, effect: 1 - elements.count)
        case .tuple(let elements, _):
            for element in elements { compile(element) }
            code.emit(.makeTuple, elements.count, effect: 1 - elements.count)
        case .dict(let entries, _):
            code.emit(.makeDict, effect: 1)
            for entry in entries {
                compile(entry.key)
                compile(entry.value)
                code.emit(.insertUnique, effect: -2, at: entry.spot)
            }
        case .comprehension(let node): compileComprehension(node)
        case .lambda(let function): compileFunction(function)
        case .unary(let operation, let operand, let spot):
            compile(operand)
            let opcode: Opcode =
                switch operation {
                case .not: .not
                case .negate: .negate
                case .plus: .plus
                case .invert: .invert
                }
            code.emit(opcode, effect: 0, at: spot)
        case .arithmetic: compileArithmetic(expr)
        case .comparison(let operation, let left, let right, let spot):
            compile(left)
            compile(right)
            code.emit(.compare, Int(operation.rawValue), effect: -1, at: spot)
        case .membership(let negated, let left, let right, let spot):
            compile(left)
            compile(right)
            code.emit(negated ? .notContains : .contains, effect: -1, at: spot)
        case .logical: compileLogical(expr)
        case .conditional(let condition, let then, let otherwise):
            let skip = compileJump(unless: condition)
            compile(then)
            let exit = code.emit(.jump, effect: 0)
            code.adjust(-1)
            for place in skip { code.land(place) }
            compile(otherwise)
            code.land(exit)
        case .call(let node): compileCall(node)
        case .dot(let base, let name, let spot):
            compile(base)
            code.emit(.attribute, code.name(name.name), effect: 0, at: spot)
        case .index(let base, let index, let spot):
            compile(base)
            compile(index)
            code.emit(.index, effect: -1, at: spot)
        case .slice(let base, let from, let to, let step, let spot):
            compile(base)
            for part in [from, to, step] {
                if let part { compile(part) } else { code.emit(.none, effect: 1) }
            }
            code.emit(.slice, effect: -3, at: spot)
        }
    }

    private mutating func compileName(_ identifier: Identifier) {
        guard let binding = identifier.binding else { return }
        switch binding.scope {
        case .local: code.emit(.local, binding.index, effect: 1, at: identifier.spot)
        case .cell: code.emit(.localCell, binding.index, effect: 1, at: identifier.spot)
        case .free: code.emit(.free, binding.index, effect: 1, at: identifier.spot)
        case .global: code.emit(.global, binding.index, effect: 1, at: identifier.spot)
        case .predeclared: emitOutside(environment.predeclared[identifier.name])
        case .universal: emitOutside(environment.universal[identifier.name])
        case .undefined: break
        }
    }

    private mutating func emitOutside(_ value: Value?) {
        switch value {
        case nil, .some(.none): code.emit(.none, effect: 1)
        case .bool(true): code.emit(.yes, effect: 1)
        case .bool(false): code.emit(.no, effect: 1)
        case .some(let value): code.emit(.constant, code.constant(value), effect: 1)
        }
    }

    /// A chain of operators leans to the left; its length costs no recursion.
    private mutating func compileArithmetic(_ expr: Expr) {
        var chain: [(BinaryOperator, Expr, Spot)] = []
        var first = expr
        while case .arithmetic(let operation, let left, let right, let spot) = first {
            chain.append((operation, right, spot))
            first = left
        }
        compile(first)
        for (operation, right, spot) in chain.reversed() {
            compile(right)
            emitBinary(operation, at: spot)
        }
    }

    private mutating func compileLogical(_ expr: Expr) {
        var chain: [(isAnd: Bool, right: Expr)] = []
        var first = expr
        while case .logical(let isAnd, let left, let right) = first {
            chain.append((isAnd, right))
            first = left
        }
        compile(first)
        for (isAnd, right) in chain.reversed() {
            let exit = code.emit(isAnd ? .jumpIfFalseOrPop : .jumpIfTrueOrPop, effect: -1)
            compile(right)
            code.land(exit)
        }
    }

    /// Emits jumps that are taken when the condition is false. Gives their places.
    mutating func compileJump(unless condition: Expr) -> [Int] {
        switch condition {
        case .parenthesized(let inner, _):
            return compileJump(unless: inner)
        case .unary(.not, let operand, _):
            compile(operand)
            return [code.emit(.jumpIfTrue, effect: -1)]
        case .logical(isAnd: true, let left, let right):
            var operands = [right]
            var first = left
            while case .logical(isAnd: true, let left, let right) = first {
                operands.append(right)
                first = left
            }
            operands.append(first)
            return operands.reversed().flatMap { compileJump(unless: $0) }
        default:
            compile(condition)
            return [code.emit(.jumpIfFalse, effect: -1)]
        }
    }

    private mutating func compileComprehension(_ node: Comprehension) {
        let isDict: Bool
        switch node.body {
        case .element:
            isDict = false
            code.emit(.makeList, 0, effect: 1)
        case .entry:
            isDict = true
            code.emit(.makeDict, effect: 1)
        }
        compileClauses(node, node.clauses[...], loops: 0, isDict: isDict)
    }

    private mutating func compileClauses(
        _ node: Comprehension, _ clauses: ArraySlice<Comprehension.Clause>, loops: Int, isDict: Bool
    ) {
        switch clauses.first {
        case .loop(let variables, let iterable, let spot):
            compile(iterable)
            code.emit(.iterate, effect: 0, at: spot)
            let start = code.here
            let end = compileNext(variables, spot)
            compileClauses(node, clauses.dropFirst(), loops: loops + 1, isDict: isDict)
            code.emit(.jump, start, effect: 0)
            code.land(end)
            code.emit(.pop, effect: -1)
        case .filter(let condition):
            let skip = compileJump(unless: condition)
            compileClauses(node, clauses.dropFirst(), loops: loops, isDict: isDict)
            for place in skip { code.land(place) }
        case nil:
            switch node.body {
            case .element(let element):
                compile(element)
                code.emit(.listAppend, loops, effect: -1)
            case .entry(let entry):
                compile(entry.key)
                compile(entry.value)
                code.emit(.dictInsert, loops, effect: -2, at: entry.spot)
            }
        }
    }

    // MARK: Functions and calls

    /// Leaves a new function on the stack: its defaults and the cells that it captures go with it.
    mutating func compileFunction(_ node: FunctionNode) {
        var defaults = 0
        for case .optional(_, let value, _) in node.parameters {
            compile(value)
            defaults += 1
        }
        for captured in node.freeVariables {
            code.emit(captured.scope == .free ? .freeReference : .cellReference, captured.index, effect: 1)
        }
        code.functions.append(Compiler.compile(node, in: environment))
        let parts = defaults + node.freeVariables.count
        code.emit(.makeFunction, code.functions.count - 1, effect: 1 - parts, at: node.spot)
    }

    private mutating func compileCall(_ node: CallNode) {
        let isPositional = node.arguments.allSatisfy {
            if case .positional = $0 { true } else { false }
        }
        let count = node.arguments.count
        if isPositional, case .dot(let base, let name, let spot) = node.callee {
            compile(base)
            code.emit(.loadMethod, code.name(name.name), effect: 1, at: spot)
            compileArguments(node)
            code.emit(.callMethod, count, effect: -count - 1, at: node.spot)
            return
        }
        compile(node.callee)
        compileArguments(node)
        if isPositional {
            code.emit(.call, count, effect: -count, at: node.spot)
            return
        }
        var names: [String] = []
        var positional = 0
        var hasStar = false
        var hasStarStar = false
        for argument in node.arguments {
            switch argument {
            case .positional: positional += 1
            case .named(let name, _): names.append(name.name)
            case .star: hasStar = true
            case .starStar: hasStarStar = true
            }
        }
        code.callSites.append(
            CallSite(positionalCount: positional, names: names, hasStar: hasStar, hasStarStar: hasStarStar))
        code.emit(.callSite, code.callSites.count - 1, effect: -count, at: node.spot)
    }

    private mutating func compileArguments(_ node: CallNode) {
        for argument in node.arguments {
            switch argument {
            case .positional(let value), .named(_, let value), .star(let value, _), .starStar(let value, _):
                compile(value)
            }
        }
    }
}
