// SPDX-License-Identifier: Apache-2.0

import ObjectModel

extension PatternParser {
    /// After `[`.
    mutating func scalarClass(from start: Int) throws(DomainError) -> ScalarSet {
        var set = ScalarSet.none
        set.isInverted = take("^")
        set.foldsCase = flags.ignoresCase
        var isFirst = true
        while isFirst || peek != "]" {
            isFirst = false
            guard peek != nil else { throw fail("missing closing ]", text(start..<scalars.count)) }
            if let named = try namedClass() {
                set.ranges += named.positiveRanges
                continue
            }
            let first = position
            let low = try classItem(from: start)
            guard case .scalar(let lower) = low else {
                if case .set(let inner) = low { set.ranges += inner.positiveRanges }
                continue
            }
            guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                set.ranges.append(lower.value...lower.value)
                continue
            }
            position += 1
            guard case .scalar(let upper) = try classItem(from: start), lower <= upper else {
                throw fail("invalid character class range", text(first..<position))
            }
            set.ranges.append(lower.value...upper.value)
        }
        position += 1
        return set
    }

    /// After `\`, outside a class.
    mutating func escape(from start: Int) throws(DomainError) -> PatternNode {
        switch peek {
        case "A": position += 1; return .assert(.textStart)
        case "z": position += 1; return .assert(.textEnd)
        case "b": position += 1; return .assert(.wordBoundary)
        case "B": position += 1; return .assert(.noWordBoundary)
        case "Q":
            position += 1
            return quoted()
        default: break
        }
        switch try escapedItem(from: start) {
        case .scalar(let scalar): return literal(scalar)
        case .set(let set): return .set(set)
        }
    }

    private enum Item {
        case scalar(Unicode.Scalar)
        case set(ScalarSet)
    }

    private mutating func classItem(from start: Int) throws(DomainError) -> Item {
        guard let scalar = peek else { throw fail("missing closing ]", text(start..<scalars.count)) }
        position += 1
        return scalar == "\\" ? try escapedItem(from: position - 1) : .scalar(scalar)
    }

    private mutating func escapedItem(from start: Int) throws(DomainError) -> Item {
        guard let scalar = peek else { throw fail("trailing backslash at end of expression", "") }
        position += 1
        switch scalar {
        case "d": return .set(.digit)
        case "D": return .set(inverse(of: .digit))
        case "w": return .set(.word)
        case "W": return .set(inverse(of: .word))
        case "s": return .set(.space)
        case "S": return .set(inverse(of: .space))
        case "a": return .scalar("\u{7}")
        case "f": return .scalar("\u{c}")
        case "n": return .scalar("\n")
        case "r": return .scalar("\r")
        case "t": return .scalar("\t")
        case "v": return .scalar("\u{b}")
        case "x": return .scalar(try hexadecimal(from: start))
        default:
            // RE2 lets every ASCII mark stand for itself; letters and digits without a meaning are errors.
            guard scalar.value < 0x80, !ScalarSet.word.contains(scalar) || scalar == "_" else {
                throw fail("invalid escape sequence", text(start..<position))
            }
            return .scalar(scalar)
        }
    }

    /// `\x7F` or `\x{10FFFF}`.
    private mutating func hexadecimal(from start: Int) throws(DomainError) -> Unicode.Scalar {
        var digits = ""
        if take("{") {
            while let next = peek, next != "}" {
                digits.unicodeScalars.append(next)
                position += 1
            }
            guard take("}") else { throw fail("invalid escape sequence", text(start..<position)) }
        } else {
            while digits.unicodeScalars.count < 2, let next = peek {
                digits.unicodeScalars.append(next)
                position += 1
            }
            guard digits.unicodeScalars.count == 2 else {
                throw fail("invalid escape sequence", text(start..<position))
            }
        }
        guard let first = digits.first, first != "+", first != "-", let value = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw fail("invalid escape sequence", text(start..<position)) }
        return scalar
    }

    private mutating func quoted() -> PatternNode {
        var parts: [PatternNode] = []
        while let next = peek {
            if next == "\\", position + 1 < scalars.count, scalars[position + 1] == "E" {
                position += 2
                break
            }
            parts.append(literal(next))
            position += 1
        }
        return .sequence(parts)
    }

    /// `[:alpha:]` and its sisters, `[:^alpha:]` for the opposite; `nil` where none begins.
    private mutating func namedClass() throws(DomainError) -> ScalarSet? {
        guard peek == "[", position + 1 < scalars.count, scalars[position + 1] == ":" else { return nil }
        let start = position
        var end = position + 2
        while end + 1 < scalars.count, !(scalars[end] == ":" && scalars[end + 1] == "]") { end += 1 }
        guard end + 1 < scalars.count else { return nil }
        var name = text(position + 2..<end)
        let isInverted = name.hasPrefix("^")
        if isInverted { name.removeFirst() }
        position = end + 2
        guard let set = Self.namedClasses[name] else {
            throw fail("invalid character class range", text(start..<position))
        }
        return isInverted ? inverse(of: set) : set
    }

    private func inverse(of set: ScalarSet) -> ScalarSet {
        ScalarSet(set.ranges, inverted: true)
    }

    private static let namedClasses: [String: ScalarSet] = [
        "alnum": ScalarSet([0x30...0x39, 0x41...0x5a, 0x61...0x7a]),
        "alpha": ScalarSet([0x41...0x5a, 0x61...0x7a]),
        "ascii": ScalarSet([0x00...0x7f]),
        "blank": ScalarSet([0x09...0x09, 0x20...0x20]),
        "cntrl": ScalarSet([0x00...0x1f, 0x7f...0x7f]),
        "digit": .digit,
        "graph": ScalarSet([0x21...0x7e]),
        "lower": ScalarSet([0x61...0x7a]),
        "print": ScalarSet([0x20...0x7e]),
        "punct": ScalarSet([0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e]),
        "space": ScalarSet([0x09...0x0d, 0x20...0x20]),
        "upper": ScalarSet([0x41...0x5a]),
        "word": .word,
        "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]
}
