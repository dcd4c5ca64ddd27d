// SPDX-License-Identifier: Apache-2.0

/// Patterns of `.dockerignore` files and of `ignore=` parameters: the last one that matches a path decides, `!` takes
/// back, `*` and `?` stay within a name, `**` crosses directories, and what lies below a match matches too.
///
/// Source: Docker's documentation of the `.dockerignore` file.
package struct PathFilter: Sendable, Equatable {
    private struct Rule: Sendable, Equatable {
        /// Absolute directory that the pattern is relative to.
        var base: String
        var pattern: [Substring]
        var isException: Bool
    }

    private var rules: [Rule] = []

    package init() {}

    /// Adds the lines of an ignore file, or single patterns; comments and empty lines are nothing.
    package mutating func add(_ lines: some Sequence<some StringProtocol>, relativeTo base: String) {
        for line in lines {
            // Only in the first column it is a comment.
            if line.hasPrefix("#") { continue }
            var text = Substring(line).trimmed
            if text.isEmpty { continue }
            let isException = text.hasPrefix("!")
            if isException { text = text.dropFirst().trimmed }
            // A pattern that names its directory in full is told apart from one that starts at the base.
            if text.hasPrefix(base + "/") { text = text.dropFirst(base.count) }
            let parts = Self.clean(text)
            if !parts.isEmpty { rules.append(Rule(base: base, pattern: parts, isException: isException)) }
        }
    }

    /// The parts of a pattern, `.` and `..` resolved as in a path.
    private static func clean(_ text: Substring) -> [Substring] {
        var parts: [Substring] = []
        for part in text.split(separator: "/") where part != "." {
            if part == "..", !parts.isEmpty, parts.last != "**" { parts.removeLast() } else { parts.append(part) }
        }
        return parts
    }

    package mutating func add(_ other: PathFilter) { rules += other.rules }

    package var isEmpty: Bool { rules.isEmpty }
    /// Whether some pattern takes back what another leaves out.
    package var hasExceptions: Bool { rules.contains(where: \.isException) }

    /// Whether an absolute path is left out.
    package func matches(_ path: String) -> Bool {
        var isMatched = false
        for rule in rules where rule.isException == isMatched {
            guard path.hasPrefix(rule.base), let parts = Self.parts(path, below: rule.base) else { continue }
            // A directory that matches takes what is below it along.
            let matches = (1...max(1, parts.count)).contains { Self.match(rule.pattern[...], parts.prefix($0)) }
            if matches { isMatched = !rule.isException }
        }
        return isMatched
    }

    private static func parts(_ path: String, below base: String) -> ArraySlice<Substring>? {
        let rest = path.dropFirst(base.count)
        guard base.hasSuffix("/") || rest.hasPrefix("/") else { return nil }
        let parts = rest.split(separator: "/")
        return parts.isEmpty ? nil : parts[...]
    }

    private static func match(_ pattern: ArraySlice<Substring>, _ path: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == "**" {
            // What is below, not the directory itself.
            if pattern.count == 1 { return !path.isEmpty }
            return (0...path.count).contains { match(pattern.dropFirst(), path.dropFirst($0)) }
        }
        guard let name = path.first, matchName(Array(first.utf8)[...], Array(name.utf8)[...]) else { return false }
        return match(pattern.dropFirst(), path.dropFirst())
    }

    private static func matchName(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var pattern = pattern
        var name = name
        while let byte = pattern.popFirst() {
            switch byte {
            case UInt8(ascii: "*"):
                if pattern.isEmpty { return true }
                return (0...name.count).contains { matchName(pattern, name.dropFirst($0)) }
            case UInt8(ascii: "?"):
                guard name.popFirst() != nil else { return false }
            case UInt8(ascii: "["):
                guard let end = pattern.dropFirst().firstIndex(of: UInt8(ascii: "]")), let character = name.popFirst()
                else { return false }
                guard set(pattern[..<end], contains: character) else { return false }
                pattern = pattern[(end + 1)...]
            default:
                var wanted = byte
                if byte == UInt8(ascii: "\\"), let escaped = pattern.popFirst() { wanted = escaped }
                guard name.popFirst() == wanted else { return false }
            }
        }
        return name.isEmpty
    }

    private static func set(_ set: ArraySlice<UInt8>, contains character: UInt8) -> Bool {
        var set = set
        let isNegated = set.first == UInt8(ascii: "^")
        if isNegated { set = set.dropFirst() }
        var isFound = false
        while let low = set.popFirst() {
            var high = low
            if set.first == UInt8(ascii: "-"), set.count > 1 {
                set = set.dropFirst()
                high = set.popFirst() ?? low
            }
            if low <= character && character <= high { isFound = true }
        }
        return isFound != isNegated
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text.drop(while: \.isWhitespace)
    }
}
