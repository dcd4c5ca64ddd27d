// SPDX-License-Identifier: Apache-2.0

extension Resolver {
    func resolve(_ statements: [Stmt]) {
        for statement in statements { resolve(statement) }
    }

    private func resolve(_ statement: Stmt) {
        switch statement {
        case .expression(let expr):
            resolve(expr)
        case .assign(let target, let value, _):
            resolve(value)
            resolveTarget(target, augmented: false)
        case .augmented(_, let target, let value, _):
            resolve(value)
            resolveTarget(target, augmented: true)
        case .def(let function):
            bind(function.name)
            resolve(function)
        case .conditional(let clauses, let otherwise):
            resolve(clauses, otherwise: otherwise)
        case .loop(let variables, let iterable, let body, let spot):
            requireControl("for loop", at: spot)
            resolve(iterable)
            resolveTarget(variables, augmented: false)
            resolveLoopBody(body)
        case .whileLoop(let condition, let body, let spot):
            if !dialect.whileLoops { report("this Starlark dialect does not support while loops", at: spot) }
            requireControl("while loop", at: spot)
            resolve(condition)
            resolveLoopBody(body)
        case .returning(let value, let spot):
            if currentFunction == nil { report("return statement not within a function", at: spot) }
            if let value { resolve(value) }
        case .breaking(let spot):
            if loopDepth == 0 { report("break not in a loop", at: spot) }
        case .continuing(let spot):
            if loopDepth == 0 { report("continue not in a loop", at: spot) }
        case .pass:
            break
        case .load(let node):
            resolve(node)
        }
    }

    private func requireControl(_ what: String, at spot: Spot) {
        if !dialect.topLevelControl && currentFunction == nil { report("\(what) not within a function", at: spot) }
    }

    private func resolve(_ clauses: [IfClause], otherwise: [Stmt]) {
        if let first = clauses.first { requireControl("if statement", at: first.spot) }
        for clause in clauses {
            resolve(clause.condition)
            conditionalDepth += 1
            resolve(clause.body)
            conditionalDepth -= 1
        }
        conditionalDepth += 1
        resolve(otherwise)
        conditionalDepth -= 1
    }

    private func resolveLoopBody(_ body: [Stmt]) {
        loopDepth += 1
        resolve(body)
        loopDepth -= 1
    }

    private func resolve(_ load: LoadNode) {
        if currentFunction != nil {
            report("load statement within a function", at: load.spot)
        } else if loopDepth > 0 {
            report("load statement within a loop", at: load.spot)
        } else if conditionalDepth > 0 {
            report("load statement within a conditional", at: load.spot)
        }
        for (from, to) in load.names {
            if from.name.isEmpty {
                report("load: empty identifier", at: from.spot)
                continue
            }
            if from.name.hasPrefix("_") {
                report("load: names with leading underscores are not exported: \(from.name)", at: from.spot)
            }
            if dialect.loadBindsGlobally {
                bind(to)
            } else if bindLocal(to) && !dialect.globalReassign {
                report("cannot reassign top-level \(to.name)", at: to.spot)
            }
        }
    }

    /// Resolves the left side of an assignment.
    func resolveTarget(_ target: Expr, augmented: Bool) {
        switch target {
        case .name(let identifier):
            bind(identifier)
        case .index(let base, let index, _):
            resolve(base)
            resolve(index)
        case .dot(let base, _, _):
            resolve(base)
        case .tuple(let elements, let spot):
            if augmented { report("can't use tuple expression in augmented assignment", at: spot) }
            for element in elements { resolveTarget(element, augmented: augmented) }
        case .list(let elements, let spot):
            if augmented { report("can't use list expression in augmented assignment", at: spot) }
            for element in elements { resolveTarget(element, augmented: augmented) }
        case .parenthesized(let inner, _):
            resolveTarget(inner, augmented: augmented)
        default:
            report("can't assign to \(target.kindName)", at: target.start)
        }
    }
}
