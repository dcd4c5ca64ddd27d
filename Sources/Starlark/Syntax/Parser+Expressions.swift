// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// An expression or a tuple without parentheses.
    mutating func parseExpression(inParens: Bool) throws(SyntaxError) -> Expr {
        let first = try parseTest()
        guard token == .comma else { return first }
        return .tuple(try parseRest(of: [first], trailingComma: inParens), first.start)
    }

    /// The elements after the first one, each with its comma before it.
    private mutating func parseRest(of first: [Expr], trailingComma: Bool) throws(SyntaxError) -> [Expr] {
        var elements = first
        while token == .comma {
            let comma = try next()
            if endsExpressionList {
                if !trailingComma { throw fail("unparenthesized tuple with trailing comma", at: comma) }
                break
            }
            elements.append(try parseTest())
        }
        return elements
    }

    var endsExpressionList: Bool {
        switch token {
        case .endOfFile, .newline, .equal, .rightBrace, .rightBracket, .rightParen, .semicolon: true
        default: false
        }
    }

    /// An expression that is no bare tuple.
    mutating func parseTest() throws(SyntaxError) -> Expr {
        try descend()
        defer { ascend() }
        if token == .lambda { return try parseLambda(allowConditional: true) }
        let value = try parseBinary(0)
        guard token == .if else { return value }
        let spot = try next()
        let condition = try parseBinary(0)
        guard token == .else else { throw fail("conditional expression without else clause", at: spot) }
        try next()
        return .conditional(condition: condition, then: value, otherwise: try parseTest())
    }

    /// An expression in a place where `if` means something else.
    private mutating func parseTestWithoutConditional() throws(SyntaxError) -> Expr {
        try descend()
        defer { ascend() }
        return token == .lambda ? try parseLambda(allowConditional: false) : try parseBinary(0)
    }

    private mutating func parseLambda(allowConditional: Bool) throws(SyntaxError) -> Expr {
        let spot = try next()
        let parameters = token == .colon ? [] : try parseParameters()
        try consume(.colon)
        let body = allowConditional ? try parseTest() : try parseTestWithoutConditional()
        let name = Identifier(name: "lambda", spot: spot)
        return .lambda(
            FunctionNode(name: name, spot: spot, parameters: parameters, body: [.returning(body, body.start)]))
    }

    /// Operators that bind at least as tightly as `minimum`.
    mutating func parseBinary(_ minimum: Int) throws(SyntaxError) -> Expr {
        var left: Expr
        if token == .not && minimum <= Token.notPrecedence {
            try descend()
            defer { ascend() }
            let spot = try next()
            left = .unary(.not, try parseBinary(Token.notPrecedence), spot)
        } else {
            left = try parseSuffixed()
        }
        var comparison: Token?
        var operators = 0
        while true {
            var operation = token
            if operation == .not {
                guard Token.comparisonPrecedence >= minimum else { return left }
                try next()
                guard token == .in else { throw fail("got \(token.quoted), want in") }
                operation = .notIn
            }
            let precedence = operation.precedence
            guard precedence >= minimum, precedence >= 0 else { return left }
            if precedence == Token.comparisonPrecedence {
                if let comparison {
                    throw fail("\(comparison.text) does not associate with \(operation.text) (use parens)")
                }
                comparison = operation
            } else {
                comparison = nil
            }
            operators += 1
            if operators > Self.maxOperators { throw fail("expression has too many operators") }
            let spot = try next()
            let right = try parseBinary(precedence + 1)
            left = makeBinary(operation, left, right, spot)
        }
    }

    private func makeBinary(_ operation: Token, _ left: Expr, _ right: Expr, _ spot: Spot) -> Expr {
        switch operation {
        case .or: .logical(isAnd: false, left, right)
        case .and: .logical(isAnd: true, left, right)
        case .equalEqual: .comparison(.equal, left, right, spot)
        case .notEqual: .comparison(.notEqual, left, right, spot)
        case .less: .comparison(.less, left, right, spot)
        case .lessEqual: .comparison(.lessOrEqual, left, right, spot)
        case .greater: .comparison(.greater, left, right, spot)
        case .greaterEqual: .comparison(.greaterOrEqual, left, right, spot)
        case .in: .membership(negated: false, left, right, spot)
        case .notIn: .membership(negated: true, left, right, spot)
        case .pipe: .arithmetic(.or, left, right, spot)
        case .caret: .arithmetic(.xor, left, right, spot)
        case .ampersand: .arithmetic(.and, left, right, spot)
        case .lessLess: .arithmetic(.shiftLeft, left, right, spot)
        case .greaterGreater: .arithmetic(.shiftRight, left, right, spot)
        case .plus: .arithmetic(.add, left, right, spot)
        case .minus: .arithmetic(.subtract, left, right, spot)
        case .star: .arithmetic(.multiply, left, right, spot)
        case .slash: .arithmetic(.divide, left, right, spot)
        case .slashSlash: .arithmetic(.floorDivide, left, right, spot)
        default: .arithmetic(.remainder, left, right, spot)
        }
    }

    // MARK: Displays

    mutating func parseList() throws(SyntaxError) -> Expr {
        let spot = try next()
        if token == .rightBracket {
            try next()
            return .list([], spot)
        }
        let first = try parseTest()
        if token == .for {
            return try parseComprehension(.element(first), spot: spot, end: .rightBracket)
        }
        let elements = try parseRest(of: [first], trailingComma: true)
        try consume(.rightBracket)
        return .list(elements, spot)
    }

    mutating func parseDict() throws(SyntaxError) -> Expr {
        let spot = try next()
        if token == .rightBrace {
            try next()
            return .dict([], spot)
        }
        var entries = [try parseDictEntry()]
        if token == .for {
            return try parseComprehension(.entry(entries[0]), spot: spot, end: .rightBrace)
        }
        while token == .comma {
            try next()
            if token == .rightBrace { break }
            entries.append(try parseDictEntry())
        }
        try consume(.rightBrace)
        return .dict(entries, spot)
    }

    private mutating func parseDictEntry() throws(SyntaxError) -> DictEntry {
        let key = try parseTest()
        let colon = try consume(.colon)
        return DictEntry(key: key, value: try parseTest(), spot: colon)
    }

    private mutating func parseComprehension(
        _ body: Comprehension.Body, spot: Spot, end: Token
    ) throws(SyntaxError) -> Expr {
        var clauses: [Comprehension.Clause] = []
        while token != end {
            if token == .for {
                let place = try next()
                let variables = try parseLoopVariables()
                try consume(.in)
                // As in Python 3, no conditional, lambda or bare tuple may follow.
                clauses.append(.loop(variables: variables, iterable: try parseBinary(0), place))
            } else if token == .if {
                try next()
                clauses.append(.filter(try parseTestWithoutConditional()))
            } else {
                throw fail("got \(token.quoted), want \(end.quoted), for, or if")
            }
        }
        try next()
        return .comprehension(Comprehension(body: body, clauses: clauses, spot: spot))
    }
}
