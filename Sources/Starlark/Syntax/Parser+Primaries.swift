// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// An operand with its suffixes: attributes, indices, slices and calls.
    mutating func parseSuffixed() throws(SyntaxError) -> Expr {
        var operand = try parsePrimary()
        var suffixes = 0
        while true {
            switch token {
            case .dot:
                let dot = try next()
                operand = .dot(operand, try parseIdentifier(), dot)
            case .leftBracket: operand = try parseBrackets(after: operand)
            case .leftParen: operand = try parseCall(of: operand)
            default: return operand
            }
            suffixes += 1
            if suffixes > Self.maxSuffixes { throw fail("expression has too many suffixes") }
        }
    }

    private mutating func parsePrimary() throws(SyntaxError) -> Expr {
        switch token {
        case .identifier:
            return .name(try parseIdentifier())
        case .int, .float:
            let value = scanner.number
            return .literal(value, try next())
        case .string:
            let value = Value.object(StarlarkString(bytes: scanner.literal))
            return .literal(value, try next())
        case .bytes:
            let value = Value.object(StarlarkBytes(scanner.literal))
            return .literal(value, try next())
        case .leftBracket:
            return try parseList()
        case .leftBrace:
            return try parseDict()
        case .leftParen:
            let spot = try next()
            if token == .rightParen {
                try next()
                return .tuple([], spot)
            }
            let inner = try parseExpression(inParens: true)
            try consume(.rightParen)
            return .parenthesized(inner, spot)
        case .minus: return try parseUnary(.negate)
        case .plus: return try parseUnary(.plus)
        case .tilde: return try parseUnary(.invert)
        default:
            throw fail("got \(token.quoted), want primary expression")
        }
    }

    private mutating func parseUnary(_ operation: UnaryOperator) throws(SyntaxError) -> Expr {
        try descend()
        defer { ascend() }
        let spot = try next()
        return .unary(operation, try parseSuffixed(), spot)
    }

    /// `x[i]` or `x[from:to:step]`.
    private mutating func parseBrackets(after operand: Expr) throws(SyntaxError) -> Expr {
        let spot = try next()
        var from: Expr?
        var to: Expr?
        var step: Expr?
        if token != .colon {
            let index = try parseExpression(inParens: false)
            if token == .rightBracket {
                try next()
                return .index(operand, index, spot)
            }
            from = index
        }
        if token == .colon {
            try next()
            if token != .colon && token != .rightBracket { to = try parseTest() }
        }
        if token == .colon {
            try next()
            if token != .rightBracket { step = try parseTest() }
        }
        try consume(.rightBracket)
        return .slice(operand, from: from, to: to, step: step, spot)
    }

    private mutating func parseCall(of callee: Expr) throws(SyntaxError) -> Expr {
        let spot = try next()
        var arguments: [CallNode.Argument] = []
        while token != .rightParen && token != .endOfFile {
            if !arguments.isEmpty { try consume(.comma) }
            if token == .rightParen { break }
            if token == .star {
                let star = try next()
                arguments.append(.star(try parseTest(), star))
                continue
            }
            if token == .starStar {
                let star = try next()
                arguments.append(.starStar(try parseTest(), star))
                continue
            }
            let value = try parseTest()
            guard token == .equal else {
                arguments.append(.positional(value))
                continue
            }
            guard case .name(let name) = value else {
                throw fail("keyword argument must have form name=expr")
            }
            try next()
            arguments.append(.named(name, try parseTest()))
        }
        try consume(.rightParen)
        return .call(CallNode(callee: callee, arguments: arguments, spot: spot))
    }
}
