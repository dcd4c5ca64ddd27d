// SPDX-License-Identifier: Apache-2.0

import ObjectModel

/// Reads RE2 syntax. Unicode classes (`\p{…}`) are not known; asking for one is an error, not a silent mismatch.
struct PatternParser {
    /// Flags of `(?ims)`; `U` only changes which match is preferred, which is of no interest here.
    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
    }

    /// Groups within groups; the parser recurses.
    static let maximumDepth = 200
    /// RE2's limit for `{n}`.
    static let maximumRepeat = 1_000

    let scalars: [Unicode.Scalar]
    var position = 0
    var flags = Flags()

    init(_ source: String) {
        scalars = Array(source.unicodeScalars)
    }

    mutating func parse() throws(DomainError) -> PatternNode {
        let node = try alternation(depth: 0)
        guard position == scalars.count else { throw fail("unexpected )", everything) }
        return node
    }

    private mutating func alternation(depth: Int) throws(DomainError) -> PatternNode {
        guard depth < Self.maximumDepth else { throw fail("expression nests too deeply", everything) }
        var choices: [PatternNode] = []
        repeat { choices.append(try sequence(depth: depth)) } while take("|")
        return choices.count == 1 ? choices[0] : .either(choices)
    }

    private mutating func sequence(depth: Int) throws(DomainError) -> PatternNode {
        var parts: [PatternNode] = []
        while let next = peek, next != "|", next != ")" {
            let part = try atom(depth: depth)
            parts.append(try repeated(part))
        }
        return parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func repeated(_ part: PatternNode) throws(DomainError) -> PatternNode {
        let start = position
        guard let (minimum, maximum) = try bounds() else { return part }
        // A question mark after it only asks for the shortest match.
        _ = take("?")
        let second = position
        if try bounds() != nil {
            throw fail("invalid nested repetition operator", text(start..<max(position, second)))
        }
        return .times(part, minimum: minimum, maximum: maximum)
    }

    /// `*`, `+`, `?` or `{n,m}`; anything else that begins with a brace stands for itself.
    private mutating func bounds() throws(DomainError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{"), let minimum = integer() else {
            position = start
            return nil
        }
        var maximum: Int? = minimum
        if take(",") { maximum = peek == "}" ? nil : integer() ?? -1 }
        guard take("}"), maximum != -1 else {
            position = start
            return nil
        }
        guard minimum <= Self.maximumRepeat, (maximum ?? minimum) <= Self.maximumRepeat, (maximum ?? minimum) >= minimum
        else { throw fail("invalid repeat count", text(start..<position)) }
        return (minimum, maximum)
    }

    private mutating func atom(depth: Int) throws(DomainError) -> PatternNode {
        let start = position
        let scalar = scalars[position]
        position += 1
        switch scalar {
        case ".": return .set(ScalarSet(flags.dotTakesNewline ? [] : [0x0a...0x0a], inverted: true))
        case "^": return .assert(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assert(flags.isMultiline ? .lineEnd : .textEnd)
        case "[": return try .set(scalarClass(from: start))
        case "(": return try group(from: start, depth: depth)
        case "\\": return try escape(from: start)
        case "*", "+", "?": throw fail("missing argument to repetition operator", String(Character(scalar)))
        case "{":
            position = start
            if try bounds() != nil { throw fail("missing argument to repetition operator", text(start..<position)) }
            position = start + 1
            return literal(scalar)
        default: return literal(scalar)
        }
    }

    private mutating func group(from start: Int, depth: Int) throws(DomainError) -> PatternNode {
        let outer = flags
        if take("?") {
            if take("P") || peek == "<" {
                try groupName(from: start)
            } else if try !readFlags(from: start) {
                return .empty
            }
        }
        let node = try alternation(depth: depth + 1)
        guard take(")") else { throw fail("missing closing )", everything) }
        flags = outer
        return node
    }

    private mutating func groupName(from start: Int) throws(DomainError) {
        guard take("<") else { throw fail("invalid named capture", text(start..<scalars.count)) }
        let name = position
        while let next = peek, ScalarSet.word.contains(next) { position += 1 }
        guard position > name, take(">") else { throw fail("invalid named capture", text(start..<scalars.count)) }
    }

    /// `true` if a group follows, `false` if the flags hold for the rest of the surrounding group.
    private mutating func readFlags(from start: Int) throws(DomainError) -> Bool {
        var value = true
        while let next = peek {
            position += 1
            switch next {
            case "i": flags.ignoresCase = value
            case "m": flags.isMultiline = value
            case "s": flags.dotTakesNewline = value
            case "U": break
            case "-" where value: value = false
            case ":": return true
            case ")": return false
            default: throw fail("invalid or unsupported Perl syntax", text(start..<position))
            }
        }
        throw fail("missing closing )", everything)
    }

    private mutating func integer() -> Int? {
        let start = position
        var value = 0
        while let next = peek, ScalarSet.digit.contains(next) {
            value = min(value * 10 + Int(next.value - 0x30), 1_000_000)
            position += 1
        }
        return position > start ? value : nil
    }

    func literal(_ scalar: Unicode.Scalar) -> PatternNode {
        var set = ScalarSet(scalar)
        set.foldsCase = flags.ignoresCase
        return .set(set)
    }

    var peek: Unicode.Scalar? {
        position < scalars.count ? scalars[position] : nil
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    var everything: String { text(0..<scalars.count) }

    func text(_ range: Range<Int>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars[range])
        return text
    }

    func fail(_ reason: String, _ part: String) -> DomainError {
        DomainError("error parsing regexp: \(reason): `\(part)`")
    }
}
