// SPDX-License-Identifier: Apache-2.0

internal import BigInt

/// Turns source bytes into tokens, with INDENT and OUTDENT made from the leading space of lines.
///
/// The fields describe the current token after each `advance()`.
struct Scanner {
    let source: [UInt8]
    /// The next byte to read.
    var offset = 0

    /// The current token and where it begins.
    private(set) var token = Token.newline
    private(set) var spot = Spot(line: 1, column: 1)
    /// The word of an identifier or keyword.
    private(set) var word = ""
    /// The bytes of a string or bytes literal, escapes applied.
    var literal: [UInt8] = []
    /// The value of a number.
    var number = Value.none

    private var line: UInt32 = 1
    private var lineStart = 0
    /// The last place whose column was computed, so that a line is counted once and not once a token.
    private var columnOffset = 0
    private var columnCount: UInt32 = 1

    private var indents = [0]
    /// INDENT (positive) or OUTDENT (negative) tokens that are still to be delivered.
    private var pendingDents = 0
    private var openBrackets = 0
    private var atLineStart = true

    init(_ source: [UInt8]) {
        self.source = source
        // A byte order mark is allowed and means nothing.
        if source.starts(with: [0xEF, 0xBB, 0xBF]) {
            offset = 3
            lineStart = 3
            columnOffset = 3
        }
    }

    /// The byte `ahead` places on; 0 at the end, and `\n` for a carriage return.
    func peek(_ ahead: Int = 0) -> UInt8 {
        let index = offset + ahead
        guard index < source.count else { return 0 }
        return source[index] == 0x0D ? 0x0A : source[index]
    }

    var isAtEnd: Bool { offset >= source.count }

    /// Steps over a newline of any form: `\n`, `\r` or `\r\n`.
    mutating func skipNewline() {
        if source[offset] == 0x0D, offset + 1 < source.count, source[offset + 1] == 0x0A { offset += 1 }
        offset += 1
        line += 1
        lineStart = offset
        columnOffset = offset
        columnCount = 1
    }

    /// The spot of `place`, which must lie on the current line and not before the last one asked for.
    mutating func spot(at place: Int) -> Spot {
        while columnOffset < place {
            // Continuation bytes of UTF-8 do not count: columns are code points.
            if source[columnOffset] & 0xC0 != 0x80 { columnCount += 1 }
            columnOffset += 1
        }
        return Spot(line: line, column: columnCount)
    }

    func fail(_ message: String, at spot: Spot? = nil) -> SyntaxError {
        SyntaxError(spot: spot ?? self.spot, message: message)
    }

    /// Reads the next token into the fields.
    mutating func advance() throws(SyntaxError) {
        if atLineStart {
            atLineStart = false
            try scanIndentation()
        }
        if pendingDents != 0 {
            token = pendingDents < 0 ? .outdent : .indent
            pendingDents += pendingDents < 0 ? 1 : -1
            spot = spot(at: offset)
            return
        }
        try skipSpace()
        spot = spot(at: offset)
        guard !isAtEnd else { return scanEnd() }
        let byte = peek()
        if byte == 0x0A {
            // Only outside brackets: `skipSpace` takes the others.
            skipNewline()
            atLineStart = true
            token = .newline
            return
        }
        if isIdentifierStart(byte) { return try scanWord() }
        if isDigit(byte) || (byte == UInt8(ascii: ".") && isDigit(peek(1))) { return try scanNumber() }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            return try scanString(prefixLength: 0, raw: false, bytes: false)
        }
        try scanPunctuation(byte)
    }

    /// The end of the file: the last line ends, and every open block with it.
    private mutating func scanEnd() {
        if token != .newline && token != .outdent && token != .endOfFile && openBrackets == 0 && indents.count > 1 {
            token = .newline
            return
        }
        if indents.count > 1 && openBrackets == 0 {
            indents.removeLast()
            token = .outdent
            return
        }
        token = .endOfFile
    }

    /// Compares the leading space of the next line that has code with the open blocks.
    private mutating func scanIndentation() throws(SyntaxError) {
        var column = 0
        scan: while !isAtEnd {
            switch peek() {
            case UInt8(ascii: " "):
                column += 1
                offset += 1
            case UInt8(ascii: "\t"):
                // A tab advances to the next multiple of 8.
                column += 8 - column % 8
                offset += 1
            case UInt8(ascii: "\n"):
                // Blank lines do not count.
                skipNewline()
                column = 0
            case UInt8(ascii: "#"):
                while !isAtEnd && peek() != 0x0A { offset += 1 }
            default:
                break scan
            }
        }
        guard !isAtEnd else { return }
        let current = indents.last ?? 0
        if column > current {
            indents.append(column)
            pendingDents = 1
        } else if column < current {
            while let open = indents.last, column < open {
                indents.removeLast()
                pendingDents -= 1
            }
            if indents.last != column {
                spot = spot(at: offset)
                throw fail("unindent does not match any outer indentation level")
            }
        }
    }

    /// Steps over spaces, comments, joined lines and, inside brackets, newlines.
    private mutating func skipSpace() throws(SyntaxError) {
        while !isAtEnd {
            switch peek() {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                offset += 1
            case UInt8(ascii: "#"):
                while !isAtEnd && peek() != 0x0A { offset += 1 }
            case UInt8(ascii: "\\"):
                spot = spot(at: offset)
                guard peek(1) == 0x0A else { throw fail("stray backslash in program") }
                offset += 1
                skipNewline()
            case 0x0A where openBrackets > 0:
                skipNewline()
            default:
                return
            }
        }
    }

    private mutating func scanWord() throws(SyntaxError) {
        let start = offset
        // The prefixes of string literals look like words.
        let first = peek()
        let quote = peek(1)
        let isQuote = { (byte: UInt8) in byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }
        if (first == UInt8(ascii: "r") || first == UInt8(ascii: "b")) && isQuote(quote) {
            return try scanString(
                prefixLength: 1, raw: first == UInt8(ascii: "r"), bytes: first == UInt8(ascii: "b"))
        }
        if first == UInt8(ascii: "r") && quote == UInt8(ascii: "b") && isQuote(peek(2)) {
            return try scanString(prefixLength: 2, raw: true, bytes: true)
        }
        while !isAtEnd && (isIdentifierStart(peek()) || isDigit(peek())) { offset += 1 }
        word = String(decoding: source[start..<offset], as: UTF8.self)
        for scalar in word.unicodeScalars where !scalar.isASCII && !scalar.properties.isXIDContinue {
            throw fail("unexpected input character '\(scalar)'")
        }
        if let keyword = Token.keywords[word] {
            token = keyword
        } else if Token.reserved.contains(word) {
            throw fail("'\(word)' is a reserved word")
        } else {
            token = .identifier
        }
    }

    private mutating func scanPunctuation(_ byte: UInt8) throws(SyntaxError) {
        func take(_ kind: Token, _ length: Int) {
            token = kind
            offset += length
        }
        let next = peek(1)
        let equal = UInt8(ascii: "=")
        switch byte {
        case UInt8(ascii: "+"): next == equal ? take(.plusEqual, 2) : take(.plus, 1)
        case UInt8(ascii: "-"): next == equal ? take(.minusEqual, 2) : take(.minus, 1)
        case UInt8(ascii: "%"): next == equal ? take(.percentEqual, 2) : take(.percent, 1)
        case UInt8(ascii: "&"): next == equal ? take(.ampersandEqual, 2) : take(.ampersand, 1)
        case UInt8(ascii: "|"): next == equal ? take(.pipeEqual, 2) : take(.pipe, 1)
        case UInt8(ascii: "^"): next == equal ? take(.caretEqual, 2) : take(.caret, 1)
        case UInt8(ascii: "~"): take(.tilde, 1)
        case UInt8(ascii: "."): take(.dot, 1)
        case UInt8(ascii: ","): take(.comma, 1)
        case UInt8(ascii: ";"): take(.semicolon, 1)
        case UInt8(ascii: ":"): take(.colon, 1)
        case equal: next == equal ? take(.equalEqual, 2) : take(.equal, 1)
        case UInt8(ascii: "!") where next == equal: take(.notEqual, 2)
        case UInt8(ascii: "*"):
            if next == byte { take(.starStar, 2) } else { next == equal ? take(.starEqual, 2) : take(.star, 1) }
        case UInt8(ascii: "/"):
            if next == byte {
                peek(2) == equal ? take(.slashSlashEqual, 3) : take(.slashSlash, 2)
            } else {
                next == equal ? take(.slashEqual, 2) : take(.slash, 1)
            }
        case UInt8(ascii: "<"):
            if next == byte {
                peek(2) == equal ? take(.lessLessEqual, 3) : take(.lessLess, 2)
            } else {
                next == equal ? take(.lessEqual, 2) : take(.less, 1)
            }
        case UInt8(ascii: ">"):
            if next == byte {
                peek(2) == equal ? take(.greaterGreaterEqual, 3) : take(.greaterGreater, 2)
            } else {
                next == equal ? take(.greaterEqual, 2) : take(.greater, 1)
            }
        case UInt8(ascii: "("): openBracket(.leftParen)
        case UInt8(ascii: "["): openBracket(.leftBracket)
        case UInt8(ascii: "{"): openBracket(.leftBrace)
        case UInt8(ascii: ")"): try closeBracket(.rightParen)
        case UInt8(ascii: "]"): try closeBracket(.rightBracket)
        case UInt8(ascii: "}"): try closeBracket(.rightBrace)
        default:
            throw fail("unexpected input character '\(Character(Unicode.Scalar(byte)))'")
        }
    }

    private mutating func openBracket(_ kind: Token) {
        token = kind
        offset += 1
        openBrackets += 1
    }

    private mutating func closeBracket(_ kind: Token) throws(SyntaxError) {
        guard openBrackets > 0 else { throw fail("unexpected \(kind.quoted)") }
        token = kind
        offset += 1
        openBrackets -= 1
    }

    mutating func deliver(_ kind: Token) {
        token = kind
    }
}

/// Whether the byte can begin a name; bytes of multi-byte characters are looked at once the word is complete.
func isIdentifierStart(_ byte: UInt8) -> Bool {
    (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")) || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
        || byte == UInt8(ascii: "_") || byte >= 0x80
}

/// Whether the byte is an ASCII digit.
func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}
