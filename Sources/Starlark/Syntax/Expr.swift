// SPDX-License-Identifier: Apache-2.0

/// A name in the source. The resolver fills in what it refers to.
final class Identifier {
    let name: String
    let spot: Spot
    var binding: Binding?

    init(name: String, spot: Spot) {
        self.name = name
        self.spot = spot
    }
}

/// An expression. The spot is that of the token where an error of the operation is reported.
indirect enum Expr {
    case name(Identifier)
    case literal(Value, Spot)
    case parenthesized(Expr, Spot)
    case list([Expr], Spot)
    case tuple([Expr], Spot)
    case dict([DictEntry], Spot)
    case comprehension(Comprehension)
    case lambda(FunctionNode)
    case unary(UnaryOperator, Expr, Spot)
    case arithmetic(BinaryOperator, Expr, Expr, Spot)
    case comparison(ComparisonOperator, Expr, Expr, Spot)
    case membership(negated: Bool, Expr, Expr, Spot)
    case logical(isAnd: Bool, Expr, Expr)
    case conditional(condition: Expr, then: Expr, otherwise: Expr)
    case call(CallNode)
    case dot(Expr, Identifier, Spot)
    case index(Expr, Expr, Spot)
    case slice(Expr, from: Expr?, to: Expr?, step: Expr?, Spot)

    /// Where the expression begins.
    var start: Spot {
        // Chains of operators lean to the left and can be long, so they are walked down without recursion.
        var first = self
        while true {
            switch first {
            case .arithmetic(_, let left, _, _), .logical(_, let left, _): first = left
            default: return first.startOfOperand
            }
        }
    }

    private var startOfOperand: Spot {
        switch self {
        case .name(let identifier): identifier.spot
        case .literal(_, let spot), .parenthesized(_, let spot), .list(_, let spot), .dict(_, let spot): spot
        case .tuple(let elements, let spot): elements.first?.start ?? spot
        case .comprehension(let node): node.spot
        case .lambda(let node): node.spot
        case .unary(_, _, let spot): spot
        case .arithmetic(_, let left, _, _), .comparison(_, let left, _, _): left.start
        case .membership(_, let left, _, _), .logical(_, let left, _): left.start
        case .conditional(_, let then, _): then.start
        case .call(let node): node.callee.start
        case .dot(let base, _, _), .index(let base, _, _), .slice(let base, _, _, _, _): base.start
        }
    }

    /// The name of the kind of expression, for the message about a bad target of an assignment.
    var kindName: String {
        switch self {
        case .name: "ident"
        case .literal: "literal"
        case .parenthesized: "parenexpr"
        case .list: "listexpr"
        case .tuple: "tupleexpr"
        case .dict: "dictexpr"
        case .comprehension: "comprehension"
        case .lambda: "lambdaexpr"
        case .unary: "unaryexpr"
        case .arithmetic, .comparison, .membership, .logical: "binaryexpr"
        case .conditional: "condexpr"
        case .call: "callexpr"
        case .dot: "dotexpr"
        case .index: "indexexpr"
        case .slice: "sliceexpr"
        }
    }

    /// The expression without the parentheses around it.
    var unparenthesized: Expr {
        var expr = self
        while case .parenthesized(let inner, _) = expr { expr = inner }
        return expr
    }
}

/// One `key: value` of a dict display.
struct DictEntry {
    let key: Expr
    let value: Expr
    /// The spot of the colon, where a bad key is reported.
    let spot: Spot
}

/// `[body for ... if ...]` or `{key: value for ...}`.
final class Comprehension {
    enum Body {
        case element(Expr)
        case entry(DictEntry)
    }

    enum Clause {
        case loop(variables: Expr, iterable: Expr, Spot)
        case filter(Expr)
    }

    let body: Body
    /// Never empty; the first is a loop.
    let clauses: [Clause]
    let spot: Spot

    init(body: Body, clauses: [Clause], spot: Spot) {
        self.body = body
        self.clauses = clauses
        self.spot = spot
    }
}

/// A call with its arguments as written.
final class CallNode {
    enum Argument {
        case positional(Expr)
        case named(Identifier, Expr)
        case star(Expr, Spot)
        case starStar(Expr, Spot)
    }

    let callee: Expr
    let arguments: [Argument]
    /// The spot of the opening parenthesis.
    let spot: Spot

    init(callee: Expr, arguments: [Argument], spot: Spot) {
        self.callee = callee
        self.arguments = arguments
        self.spot = spot
    }
}
