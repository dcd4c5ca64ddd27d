// SPDX-License-Identifier: Apache-2.0

package import ObjectModel

/// A regular expression in RE2's dialect, as the original takes it: no back references, no look-around.
/// Matching walks all possibilities side by side, so its time grows with pattern times text and a client cannot
/// write a pattern that keeps the service busy for ever, as it could with a backtracking matcher.
package struct Pattern: Sendable {
    /// Programs beyond this many instructions are refused; `a{1000}` fits, `(a{1000}){10}` does not.
    static let maximumSize = 5_000

    enum Instruction: Sendable {
        /// Consumes one scalar that the set has.
        case set(ScalarSet)
        /// Goes on at both places.
        case split(Int, Int)
        case jump(Int)
        case assert(Assertion)
        case match
    }

    enum Assertion: Sendable {
        case textStart
        case textEnd
        case lineStart
        case lineEnd
        case wordBoundary
        case noWordBoundary
    }

    let program: [Instruction]

    /// Throws in the words of Go's `regexp`.
    package init(_ source: String) throws(DomainError) {
        var parser = PatternParser(source)
        let node = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.emit(node)
        compiler.program.append(.match)
        program = compiler.program
    }

    /// No pattern for empty text: the parameter was not given.
    package init?(optional source: String) throws(DomainError) {
        guard !source.isEmpty else { return nil }
        try self.init(source)
    }

    /// Whether some part of `text` matches.
    package func isFound(in text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var current = StateList(capacity: program.count)
        var next = StateList(capacity: program.count)
        for position in 0...scalars.count {
            // A match may begin anywhere: the start joins the states at each position.
            if follow(0, scalars, position, &current) { return true }
            guard position < scalars.count else { return false }
            next.removeAll()
            for state in current.states {
                if case .set(let set) = program[state], set.contains(scalars[position]),
                    follow(state + 1, scalars, position + 1, &next)
                {
                    return true
                }
            }
            swap(&current, &next)
        }
        return false
    }

    /// Adds what can be reached from `start` without consuming; `true` when that includes the end.
    private func follow(_ start: Int, _ scalars: [Unicode.Scalar], _ position: Int, _ list: inout StateList) -> Bool {
        var pending = [start]
        while let state = pending.popLast() {
            guard list.insert(state) else { continue }
            switch program[state] {
            case .set: break
            case .match: return true
            case .jump(let target): pending.append(target)
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .assert(let assertion):
                if holds(assertion, scalars, position) { pending.append(state + 1) }
            }
        }
        return false
    }

    private func holds(_ assertion: Assertion, _ scalars: [Unicode.Scalar], _ position: Int) -> Bool {
        let before = position > 0 ? scalars[position - 1] : nil
        let after = position < scalars.count ? scalars[position] : nil
        switch assertion {
        case .textStart: return before == nil
        case .textEnd: return after == nil
        case .lineStart: return before == nil || before == "\n"
        case .lineEnd: return after == nil || after == "\n"
        case .wordBoundary: return isWord(before) != isWord(after)
        case .noWordBoundary: return isWord(before) == isWord(after)
        }
    }

    private func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        scalar.map(ScalarSet.word.contains) ?? false
    }
}

/// States of the program that are alive, each once.
private struct StateList {
    private(set) var states: [Int] = []
    private var isMember: [Bool]

    init(capacity: Int) {
        isMember = Array(repeating: false, count: capacity)
    }

    /// `false` if the state is there already.
    mutating func insert(_ state: Int) -> Bool {
        guard !isMember[state] else { return false }
        isMember[state] = true
        states.append(state)
        return true
    }

    mutating func removeAll() {
        for state in states { isMember[state] = false }
        states.removeAll(keepingCapacity: true)
    }
}
