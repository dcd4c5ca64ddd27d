// SPDX-License-Identifier: Apache-2.0

extension Printer {
    mutating func print(_ left: Expr, _ operation: String, _ right: Expr) {
        print(left)
        write(operation)
        print(right)
    }

    /// Parentheses are nodes of the tree, so that nothing here has to know of precedence.
    mutating func print(_ expr: Expr) {
        switch expr {
        case .name(let identifier): write(identifier.name)
        case .literal(let value, _): print(literal: value)
        case .parenthesized(let inner, _):
            write("(")
            print(inner)
            write(")")
        case .list(let elements, _):
            write("[")
            join(elements) { $0.print($1) }
            write("]")
        case .tuple(let elements, _):
            if elements.isEmpty { write("()") }
            join(elements) { $0.print($1) }
            if elements.count == 1 { write(",") }
        case .dict(let entries, _):
            write("{")
            join(entries) { $0.print($1.key, ": ", $1.value) }
            write("}")
        case .comprehension(let node): print(node)
        case .lambda(let function):
            write(function.parameters.isEmpty ? "lambda" : "lambda ")
            print(function.parameters)
            write(": ")
            if case .returning(let value?, _)? = function.body.first { print(value) }
        case .unary(let operation, let operand, _):
            write(operation == .not ? "not " : operation.symbol)
            print(operand)
        case .arithmetic, .logical: printChain(expr)
        case .comparison(let operation, let left, let right, _): print(left, " \(operation.symbol) ", right)
        case .membership(let negated, let left, let right, _): print(left, negated ? " not in " : " in ", right)
        case .conditional(let condition, let then, let otherwise):
            print(then, " if ", condition)
            write(" else ")
            print(otherwise)
        case .call(let node): print(node)
        case .dot(let base, let name, _):
            print(base)
            // A dot right after an int would make it a float.
            if case .literal = base { write(" ") }
            write("." + name.name)
        case .index(let base, let index, _):
            print(base, "[", index)
            write("]")
        case .slice(let base, let from, let to, let step, _):
            print(base)
            write("[")
            if let from { print(from) }
            write(":")
            if let to { print(to) }
            if let step {
                write(":")
                print(step)
            }
            write("]")
        }
    }

    /// A chain of operators leans to the left and can be long, so it is walked without recursion.
    private mutating func printChain(_ expr: Expr) {
        var rest: [(operation: String, right: Expr)] = []
        var first = expr
        walk: while true {
            switch first {
            case .arithmetic(let operation, let left, let right, _):
                rest.append((" \(operation.symbol) ", right))
                first = left
            case .logical(let isAnd, let left, let right):
                rest.append((isAnd ? " and " : " or ", right))
                first = left
            default: break walk
            }
        }
        print(first)
        for (operation, right) in rest.reversed() {
            write(operation)
            print(right)
        }
    }

    private mutating func print(literal value: Value) {
        if let text = value.stringObject {
            print(quoted: text.bytes)
        } else if let text = value.bytesObject {
            write("b")
            print(quoted: text.bytes, isBytes: true)
        } else {
            write(value.repr())
        }
    }

    private mutating func print(_ node: Comprehension) {
        switch node.body {
        case .element(let element):
            write("[")
            print(element)
        case .entry(let entry):
            write("{")
            print(entry.key, ": ", entry.value)
        }
        for clause in node.clauses {
            switch clause {
            case .loop(let variables, let iterable, _):
                write(" for ")
                print(variables, " in ", iterable)
            case .filter(let condition):
                write(" if ")
                print(condition)
            }
        }
        if case .element = node.body { write("]") } else { write("}") }
    }

    private mutating func print(_ node: CallNode) {
        print(node.callee)
        write("(")
        join(node.arguments) { printer, argument in
            switch argument {
            case .positional(let value): printer.print(value)
            case .named(let name, let value):
                printer.write(name.name + "=")
                printer.print(value)
            case .star(let value, _):
                printer.write("*")
                printer.print(value)
            case .starStar(let value, _):
                printer.write("**")
                printer.print(value)
            }
        }
        write(")")
    }
}
