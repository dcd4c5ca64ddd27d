// SPDX-License-Identifier: Apache-2.0

/// The kinds of token. Raw values group punctuation and keywords, which error messages write differently.
enum Token: UInt8, Sendable {
    case endOfFile, newline, indent, outdent
    case identifier, int, float, string, bytes

    case plus, minus, star, slash, slashSlash, percent
    case ampersand, pipe, caret, lessLess, greaterGreater, tilde
    case dot, comma, equal, semicolon, colon
    case leftParen, rightParen, leftBracket, rightBracket, leftBrace, rightBrace
    case less, greater, greaterEqual, lessEqual, equalEqual, notEqual
    case plusEqual, minusEqual, starEqual, slashEqual, slashSlashEqual, percentEqual
    case ampersandEqual, pipeEqual, caretEqual, lessLessEqual, greaterGreaterEqual
    case starStar

    case and, `break`, `continue`, def, elif, `else`, `for`, `if`, `in`, lambda, load, not, notIn, or, pass, `return`
    case `while`

    /// The token as the grammar spells it.
    var text: String { Self.texts[Int(rawValue)] }

    /// The token as an error message shows it: punctuation in quotes.
    var quoted: String {
        rawValue >= Token.plus.rawValue && rawValue <= Token.starStar.rawValue ? "'\(text)'" : text
    }

    private static let texts = [
        "end of file", "newline", "indent", "outdent",
        "identifier", "int literal", "float literal", "string literal", "bytes literal",
        "+", "-", "*", "/", "//", "%",
        "&", "|", "^", "<<", ">>", "~",
        ".", ",", "=", ";", ":",
        "(", ")", "[", "]", "{", "}",
        "<", ">", ">=", "<=", "==", "!=",
        "+=", "-=", "*=", "/=", "//=", "%=",
        "&=", "|=", "^=", "<<=", ">>=",
        "**",
        "and", "break", "continue", "def", "elif", "else", "for", "if", "in", "lambda", "load", "not", "not in", "or",
        "pass", "return", "while",
    ]

    /// The words that are tokens of their own.
    static let keywords: [String: Token] = [
        "and": .and, "break": .break, "continue": .continue, "def": .def, "elif": .elif, "else": .else, "for": .for,
        "if": .if, "in": .in, "lambda": .lambda, "load": .load, "not": .not, "or": .or, "pass": .pass,
        "return": .return, "while": .while,
    ]

    /// Words that Starlark keeps free for later; using one is an error.
    static let reserved: Set<String> = [
        "as", "async", "await", "class", "del", "except", "finally", "from", "global", "import", "is", "nonlocal",
        "raise", "try", "with", "yield",
    ]

    /// The binary operator that `op=` applies; nil for other tokens.
    var augmentedOperator: BinaryOperator? {
        switch self {
        case .plusEqual: .add
        case .minusEqual: .subtract
        case .starEqual: .multiply
        case .slashEqual: .divide
        case .slashSlashEqual: .floorDivide
        case .percentEqual: .remainder
        case .ampersandEqual: .and
        case .pipeEqual: .or
        case .caretEqual: .xor
        case .lessLessEqual: .shiftLeft
        case .greaterGreaterEqual: .shiftRight
        default: nil
        }
    }

    /// How tightly the token binds as a binary operator, from `or` at 0 to `*` at 9; -1 for other tokens.
    var precedence: Int {
        switch self {
        case .or: 0
        case .and: 1
        case .not: Self.notPrecedence
        case .equalEqual, .notEqual, .less, .greater, .lessEqual, .greaterEqual, .in, .notIn: Self.comparisonPrecedence
        case .pipe: 4
        case .caret: 5
        case .ampersand: 6
        case .lessLess, .greaterGreater: 7
        case .plus, .minus: 8
        case .star, .percent, .slash, .slashSlash: 9
        default: -1
        }
    }

    static let notPrecedence = 2
    static let comparisonPrecedence = 3
}
