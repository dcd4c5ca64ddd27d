// SPDX-License-Identifier: Apache-2.0

extension Resolver {
    func resolve(_ expr: Expr) {
        switch expr {
        case .name(let identifier): use(identifier)
        case .literal: break
        case .parenthesized(let inner, _): resolve(inner)
        case .list(let elements, _), .tuple(let elements, _):
            for element in elements { resolve(element) }
        case .dict(let entries, _):
            for entry in entries { resolve(entry) }
        case .comprehension(let node): resolve(node)
        case .lambda(let function): resolve(function)
        case .unary(_, let operand, _): resolve(operand)
        case .arithmetic(_, let left, let right, _): resolveChain(left, right)
        case .comparison(_, let left, let right, _), .membership(_, let left, let right, _): resolveChain(left, right)
        case .logical(_, let left, let right): resolveChain(left, right)
        case .conditional(let condition, let then, let otherwise):
            resolve(condition)
            resolve(then)
            resolve(otherwise)
        case .call(let node): resolve(node)
        case .dot(let base, _, _): resolve(base)
        case .index(let base, let index, _):
            resolve(base)
            resolve(index)
        case .slice(let base, let from, let to, let step, _):
            resolve(base)
            for part in [from, to, step] { if let part { resolve(part) } }
        }
    }

    /// Resolves both operands. Long chains such as `a + b + c ...` lean to the left; they are walked without recursion.
    private func resolveChain(_ left: Expr, _ right: Expr) {
        var operands = [right]
        var first = left
        walk: while true {
            switch first {
            case .arithmetic(_, let left, let right, _), .logical(_, let left, let right):
                operands.append(right)
                first = left
            default: break walk
            }
        }
        resolve(first)
        for operand in operands.reversed() { resolve(operand) }
    }

    private func resolve(_ entry: DictEntry) {
        resolve(entry.key)
        resolve(entry.value)
    }

    private func resolve(_ node: Comprehension) {
        var clauses = node.clauses[...]
        // The first operand belongs to the outer block: consider `[x for x in x]`.
        guard case .loop(let variables, let iterable, _)? = clauses.popFirst() else { return }
        resolve(iterable)
        let outer = block
        block = Block(parent: outer)
        resolveTarget(variables, augmented: false)
        for clause in clauses {
            switch clause {
            case .filter(let condition): resolve(condition)
            case .loop(let variables, let iterable, _):
                resolveTarget(variables, augmented: false)
                resolve(iterable)
            }
        }
        switch node.body {
        case .element(let element): resolve(element)
        case .entry(let entry): resolve(entry)
        }
        block = outer
    }

    private func resolve(_ call: CallNode) {
        resolve(call.callee)
        var seenStar = false
        var seenStarStar = false
        var seenNames: Set<String> = []
        for argument in call.arguments {
            switch argument {
            case .starStar(let value, let spot):
                if seenStarStar { report("multiple **kwargs not allowed", at: spot) }
                seenStarStar = true
                resolve(value)
            case .star(let value, let spot):
                if seenStarStar {
                    report("*args may not follow **kwargs", at: spot)
                } else if seenStar {
                    report("multiple *args not allowed", at: spot)
                }
                seenStar = true
                resolve(value)
            case .named(let name, let value):
                if seenStarStar {
                    report("keyword argument may not follow **kwargs", at: name.spot)
                } else if seenStar {
                    report("keyword argument may not follow *args", at: name.spot)
                }
                if !seenNames.insert(name.name).inserted {
                    report("keyword argument \"\(name.name)\" is repeated", at: name.spot)
                }
                resolve(value)
            case .positional(let value):
                if seenStar {
                    report("positional argument may not follow *args", at: value.start)
                } else if seenStarStar {
                    report("positional argument may not follow **kwargs", at: value.start)
                } else if !seenNames.isEmpty {
                    report("positional argument may not follow named", at: value.start)
                }
                resolve(value)
            }
        }
    }

    /// Resolves a `def` or lambda; the name of a `def` has been bound already.
    func resolve(_ function: FunctionNode) {
        // Defaults belong to the enclosing block.
        for case .optional(_, let value, _) in function.parameters { resolve(value) }
        let outer = block
        let outerLoops = loopDepth
        let inner = Block(parent: outer, function: function)
        block = inner
        loopDepth = 0
        bindParameters(of: function)
        resolve(function.body)
        resolveLocalUses(of: inner)
        block = outer
        loopDepth = outerLoops
    }

    private func bindParameters(of function: FunctionNode) {
        var seenOptional = false
        var star: (name: Identifier?, spot: Spot)?
        var starStar: Identifier?
        func bindUnique(_ name: Identifier, at spot: Spot) {
            if bind(name) { report("duplicate parameter: \(name.name)", at: spot) }
        }
        for parameter in function.parameters {
            switch parameter {
            case .required(let name):
                if let starStar {
                    report("required parameter may not follow **\(starStar.name)", at: name.spot)
                } else if star != nil {
                    function.keywordOnlyCount += 1
                } else if seenOptional {
                    report("required parameter may not follow optional", at: name.spot)
                }
                bindUnique(name, at: name.spot)
            case .optional(let name, _, let spot):
                if let starStar {
                    report("optional parameter may not follow **\(starStar.name)", at: spot)
                } else if star != nil {
                    function.keywordOnlyCount += 1
                }
                bindUnique(name, at: spot)
                seenOptional = true
            case .star(let name, let spot):
                if let starStar {
                    report("* parameter may not follow **\(starStar.name)", at: spot)
                } else if star != nil {
                    report("multiple * parameters not allowed", at: spot)
                } else {
                    star = (name, spot)
                }
            case .starStar(let name, let spot):
                if starStar != nil { report("multiple ** parameters not allowed", at: spot) }
                starStar = name
            }
        }
        // Bound last, so that the slots of plain parameters are contiguous.
        if let star {
            if let name = star.name {
                bindUnique(name, at: name.spot)
                function.hasVarargs = true
            } else if function.keywordOnlyCount == 0 {
                report("bare * must be followed by keyword-only parameters", at: star.spot)
            }
        }
        if let starStar {
            bindUnique(starStar, at: starStar.spot)
            function.hasKwargs = true
        }
    }
}
