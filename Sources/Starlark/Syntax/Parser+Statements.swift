// SPDX-License-Identifier: Apache-2.0

extension Parser {
    mutating func parseStatement(into statements: inout [Stmt]) throws(SyntaxError) {
        switch token {
        case .def: statements.append(try parseDef())
        case .if: statements.append(try parseIf())
        case .for: statements.append(try parseFor())
        case .while: statements.append(try parseWhile())
        default: try parseSimpleStatements(into: &statements)
        }
    }

    private mutating func parseDef() throws(SyntaxError) -> Stmt {
        let spot = try next()
        let name = try parseIdentifier()
        try consume(.leftParen)
        let parameters = try parseParameters()
        try consume(.rightParen)
        try consume(.colon)
        return .def(FunctionNode(name: name, spot: spot, parameters: parameters, body: try parseSuite()))
    }

    private mutating func parseIf() throws(SyntaxError) -> Stmt {
        var clauses: [IfClause] = []
        repeat {
            let spot = try next()
            let condition = try parseTest()
            try consume(.colon)
            clauses.append(IfClause(condition: condition, body: try parseSuite(), spot: spot))
        } while token == .elif
        var otherwise: [Stmt] = []
        if token == .else {
            try next()
            try consume(.colon)
            otherwise = try parseSuite()
        }
        return .conditional(clauses, otherwise: otherwise)
    }

    private mutating func parseFor() throws(SyntaxError) -> Stmt {
        let spot = try next()
        let variables = try parseLoopVariables()
        try consume(.in)
        let iterable = try parseExpression(inParens: false)
        try consume(.colon)
        return .loop(variables: variables, iterable: iterable, body: try parseSuite(), spot)
    }

    private mutating func parseWhile() throws(SyntaxError) -> Stmt {
        let spot = try next()
        let condition = try parseTest()
        try consume(.colon)
        return .whileLoop(condition: condition, body: try parseSuite(), spot)
    }

    /// The targets between `for` and `in`. An expression would take the `in` as its operator.
    mutating func parseLoopVariables() throws(SyntaxError) -> Expr {
        let first = try parseSuffixed()
        guard token == .comma else { return first }
        var elements = [first]
        let spot = first.start
        while token == .comma {
            try next()
            if endsExpressionList { break }
            elements.append(try parseSuffixed())
        }
        return .tuple(elements, spot)
    }

    /// A block: indented lines, or simple statements on the line of the colon.
    private mutating func parseSuite() throws(SyntaxError) -> [Stmt] {
        try descend()
        defer { ascend() }
        var statements: [Stmt] = []
        guard token == .newline else {
            try parseSimpleStatements(into: &statements)
            return statements
        }
        try next()
        try consume(.indent)
        while token != .outdent && token != .endOfFile {
            try parseStatement(into: &statements)
        }
        try consume(.outdent)
        return statements
    }

    private mutating func parseSimpleStatements(into statements: inout [Stmt]) throws(SyntaxError) {
        while true {
            statements.append(try parseSimpleStatement())
            guard token == .semicolon else { break }
            try next()
            if token == .newline || token == .endOfFile { break }
        }
        // The last line of a file may lack its newline.
        if token != .endOfFile { try consume(.newline) }
    }

    private mutating func parseSimpleStatement() throws(SyntaxError) -> Stmt {
        switch token {
        case .return:
            let spot = try next()
            if token == .endOfFile || token == .newline || token == .semicolon { return .returning(nil, spot) }
            return .returning(try parseExpression(inParens: false), spot)
        case .break: return .breaking(try next())
        case .continue: return .continuing(try next())
        case .pass:
            try next()
            return .pass
        case .load: return .load(try parseLoad())
        default: break
        }
        let target = try parseExpression(inParens: false)
        if token == .equal {
            let spot = try next()
            return .assign(target: target, value: try parseExpression(inParens: false), spot)
        }
        if let binary = token.augmentedOperator {
            let spot = try next()
            return .augmented(binary, target: target, value: try parseExpression(inParens: false), spot)
        }
        return .expression(target)
    }

    private mutating func parseLoad() throws(SyntaxError) -> LoadNode {
        let spot = try next()
        try consume(.leftParen)
        guard token == .string else { throw fail("first operand of load statement must be a string literal") }
        let module = StarlarkString(bytes: scanner.literal)
        try next()
        var names: [(from: Identifier, to: Identifier)] = []
        while token != .rightParen && token != .endOfFile {
            try consume(.comma)
            if token == .rightParen { break }
            switch token {
            case .string:
                let name = String(decoding: scanner.literal, as: UTF8.self)
                let place = try next()
                names.append((Identifier(name: name, spot: place), Identifier(name: name, spot: place)))
            case .identifier:
                let local = try parseIdentifier()
                guard token == .equal else {
                    let name = local.name
                    throw fail("load operand must be \"\(name)\" or \(name)=\"originalname\"")
                }
                try next()
                guard token == .string else {
                    throw fail("original name of loaded symbol must be quoted: \(local.name)=\"originalname\"")
                }
                let name = String(decoding: scanner.literal, as: UTF8.self)
                names.append((Identifier(name: name, spot: try next()), local))
            default:
                throw fail("load operand must be \"name\" or localname=\"name\" (got \(token.quoted))")
            }
        }
        try consume(.rightParen)
        guard !names.isEmpty else { throw fail("load statement must import at least 1 symbol", at: spot) }
        return LoadNode(module: module, names: names, spot: spot)
    }

    mutating func parseParameters() throws(SyntaxError) -> [FunctionNode.Parameter] {
        var parameters: [FunctionNode.Parameter] = []
        while token != .rightParen && token != .colon && token != .endOfFile {
            if !parameters.isEmpty { try consume(.comma) }
            if token == .rightParen || token == .colon { break }
            if token == .star {
                let spot = try next()
                parameters.append(.star(token == .identifier ? try parseIdentifier() : nil, spot))
            } else if token == .starStar {
                let spot = try next()
                parameters.append(.starStar(try parseIdentifier(), spot))
            } else {
                let name = try parseIdentifier()
                if token == .equal {
                    let spot = try next()
                    parameters.append(.optional(name, defaultValue: try parseTest(), spot))
                } else {
                    parameters.append(.required(name))
                }
            }
        }
        return parameters
    }
}
