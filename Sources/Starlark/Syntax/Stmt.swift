// SPDX-License-Identifier: Apache-2.0

/// A statement.
enum Stmt {
    case expression(Expr)
    case assign(target: Expr, value: Expr, Spot)
    case augmented(BinaryOperator, target: Expr, value: Expr, Spot)
    case def(FunctionNode)
    case conditional([IfClause], otherwise: [Stmt])
    case loop(variables: Expr, iterable: Expr, body: [Stmt], Spot)
    case whileLoop(condition: Expr, body: [Stmt], Spot)
    case returning(Expr?, Spot)
    case breaking(Spot)
    case continuing(Spot)
    case pass
    case load(LoadNode)
}

/// One `if` or `elif` with its block. A chain is a list, so that its length costs no depth.
struct IfClause {
    let condition: Expr
    let body: [Stmt]
    let spot: Spot
}

/// A `load` statement.
final class LoadNode {
    let module: StarlarkString
    /// Names in the loaded file, and the names that they get here.
    let names: [(from: Identifier, to: Identifier)]
    let spot: Spot

    init(module: StarlarkString, names: [(from: Identifier, to: Identifier)], spot: Spot) {
        self.module = module
        self.names = names
        self.spot = spot
    }
}

/// A `def` statement, a lambda or a whole file. The resolver fills in the variables.
final class FunctionNode {
    enum Parameter {
        case required(Identifier)
        case optional(Identifier, defaultValue: Expr, Spot)
        case star(Identifier?, Spot)
        case starStar(Identifier, Spot)
    }

    let name: Identifier
    let spot: Spot
    let parameters: [Parameter]
    let body: [Stmt]

    /// Local variables by slot; parameters come first, in the order plain, `*args`, `**kwargs`.
    var locals: [Binding] = []
    /// Variables of enclosing functions that this one uses, as those functions see them.
    var freeVariables: [Binding] = []
    var hasVarargs = false
    var hasKwargs = false
    var keywordOnlyCount = 0

    init(name: Identifier, spot: Spot, parameters: [Parameter], body: [Stmt]) {
        self.name = name
        self.spot = spot
        self.parameters = parameters
        self.body = body
    }
}
