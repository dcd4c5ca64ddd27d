// SPDX-License-Identifier: Apache-2.0

/// A recursive descent parser with one token of look-ahead.
struct Parser {
    var scanner: Scanner
    /// How deep the source nests at this point.
    private var depth = 0

    /// Deeper sources are refused, since every later pass descends by recursion too.
    static let maxDepth = 150
    /// The most suffixes (`.x`, `[i]`, `(...)`) that one operand may carry, for the same reason.
    static let maxSuffixes = 1_000
    /// The most operators in a chain such as `a + b + c`; the tree of a chain is as deep as the chain is long.
    static let maxOperators = 10_000

    init(_ source: [UInt8]) throws(SyntaxError) {
        scanner = Scanner(source)
        try scanner.advance()
    }

    /// Parses a whole file.
    static func parse(file source: [UInt8]) throws(SyntaxError) -> [Stmt] {
        var parser = try Parser(source)
        var statements: [Stmt] = []
        while parser.token != .endOfFile {
            if parser.token == .newline {
                try parser.scanner.advance()
            } else {
                try parser.parseStatement(into: &statements)
            }
        }
        return statements
    }

    var token: Token { scanner.token }
    var spot: Spot { scanner.spot }

    func fail(_ message: String, at spot: Spot? = nil) -> SyntaxError {
        SyntaxError(spot: spot ?? self.spot, message: message)
    }

    /// Steps to the next token and gives the spot of the one just left.
    @discardableResult
    mutating func next() throws(SyntaxError) -> Spot {
        let old = scanner.spot
        try scanner.advance()
        return old
    }

    /// Requires the current token to be `kind` and steps over it.
    @discardableResult
    mutating func consume(_ kind: Token) throws(SyntaxError) -> Spot {
        guard token == kind else { throw fail("got \(token.quoted), want \(kind.quoted)") }
        return try next()
    }

    mutating func descend() throws(SyntaxError) {
        depth += 1
        if depth > Self.maxDepth { throw fail("source nests too deeply") }
    }

    mutating func ascend() {
        depth -= 1
    }

    mutating func parseIdentifier() throws(SyntaxError) -> Identifier {
        guard token == .identifier else { throw fail("not an identifier") }
        let name = scanner.word
        return Identifier(name: name, spot: try next())
    }
}
