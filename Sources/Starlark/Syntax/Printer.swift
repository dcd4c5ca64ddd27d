// SPDX-License-Identifier: Apache-2.0

/// Writes a tree as source. What it writes parses to the same tree; comments, blank lines and the layout of the first
/// source are not part of the tree and get lost.
struct Printer {
    private(set) var bytes: [UInt8] = []
    private var indent = 0

    /// The source of a file.
    static func print(_ statements: [Stmt]) -> [UInt8] {
        var printer = Printer()
        printer.print(statements)
        return printer.bytes
    }

    mutating func write(_ text: String) { bytes += text.utf8 }

    /// Writes what is between `write` calls of a list.
    mutating func join<Element>(_ elements: [Element], _ body: (inout Printer, Element) -> Void) {
        for (index, element) in elements.enumerated() {
            if index > 0 { write(", ") }
            body(&self, element)
        }
    }

    private mutating func print(_ statements: [Stmt]) {
        for statement in statements {
            write(String(repeating: " ", count: indent * 4))
            print(statement)
        }
    }

    private mutating func printBlock(_ statements: [Stmt]) {
        write(":\n")
        indent += 1
        print(statements)
        indent -= 1
    }

    private mutating func print(_ statement: Stmt) {
        switch statement {
        case .def(let function):
            write("def \(function.name.name)(")
            print(function.parameters)
            write(")")
            return printBlock(function.body)
        case .conditional(let clauses, let otherwise): return printConditional(clauses, otherwise)
        case .loop(let variables, let iterable, let body, _):
            write("for ")
            print(variables)
            write(" in ")
            print(iterable)
            return printBlock(body)
        case .whileLoop(let condition, let body, _):
            write("while ")
            print(condition)
            return printBlock(body)
        case .expression(let expr): print(expr)
        case .assign(let target, let value, _): print(target, " = ", value)
        case .augmented(let operation, let target, let value, _): print(target, " \(operation.symbol)= ", value)
        case .returning(let value, _):
            write("return")
            if let value {
                write(" ")
                print(value)
            }
        case .breaking: write("break")
        case .continuing: write("continue")
        case .pass: write("pass")
        case .load(let node): print(node)
        }
        write("\n")
    }

    private mutating func printConditional(_ clauses: [IfClause], _ otherwise: [Stmt]) {
        for (index, clause) in clauses.enumerated() {
            if index > 0 { write(String(repeating: " ", count: indent * 4)) }
            write(index == 0 ? "if " : "elif ")
            print(clause.condition)
            printBlock(clause.body)
        }
        guard !otherwise.isEmpty else { return }
        write(String(repeating: " ", count: indent * 4) + "else")
        printBlock(otherwise)
    }

    private mutating func print(_ node: LoadNode) {
        write("load(")
        print(quoted: node.module.bytes)
        for (from, to) in node.names {
            write(from.name == to.name ? ", " : ", \(to.name)=")
            print(quoted: Array(from.name.utf8))
        }
        write(")")
    }

    mutating func print(_ parameters: [FunctionNode.Parameter]) {
        join(parameters) { printer, parameter in
            switch parameter {
            case .required(let name): printer.write(name.name)
            case .optional(let name, let value, _):
                printer.write(name.name + "=")
                printer.print(value)
            case .star(let name, _): printer.write("*" + (name?.name ?? ""))
            case .starStar(let name, _): printer.write("**" + name.name)
            }
        }
    }

    /// A literal with these bytes between double quotes.
    mutating func print(quoted text: [UInt8], isBytes: Bool = false) {
        write("\"")
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: write("\\n")
            case 0x20..<0x7F: bytes.append(byte)
            case 0x80... where !isBytes: bytes.append(byte)
            default: write("\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            }
        }
        write("\"")
    }
}

extension Starlark {
    /// The source anew, as `Printer` lays it out.
    package static func printed(file: String, source: [UInt8]) throws(SyntaxErrors) -> [UInt8] {
        Printer.print(try parse(file: file, source: source))
    }
}
