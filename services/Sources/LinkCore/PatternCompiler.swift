// SPDX-License-Identifier: Apache-2.0

import ObjectModel

/// What a pattern means, before it is a program.
indirect enum PatternNode: Sendable {
    case empty
    case set(ScalarSet)
    case assert(Pattern.Assertion)
    case sequence([PatternNode])
    case either([PatternNode])
    /// `maximum` is `nil` for "as many as there are".
    case times(PatternNode, minimum: Int, maximum: Int?)
}

/// Turns a pattern's tree into instructions.
struct PatternCompiler {
    var program: [Pattern.Instruction] = []
    /// Nodes visited. Repeating nothing a thousand times, thrice nested, emits no instruction and still takes a while.
    private var visits = 0

    mutating func emit(_ node: PatternNode) throws(DomainError) {
        visits += 1
        guard program.count < Pattern.maximumSize, visits < 10 * Pattern.maximumSize else {
            throw DomainError("error parsing regexp: expression too large")
        }
        switch node {
        case .empty: break
        case .set(let set): program.append(.set(set))
        case .assert(let assertion): program.append(.assert(assertion))
        case .sequence(let parts): for part in parts { try emit(part) }
        case .either(let choices): try emit(choices: choices)
        case .times(let part, let minimum, let maximum):
            for _ in 0..<minimum { try emit(part) }
            if let maximum {
                try emit(optional: part, count: maximum - minimum)
            } else {
                let start = program.count
                program.append(.match)
                try emit(part)
                program.append(.jump(start))
                program[start] = .split(start + 1, program.count)
            }
        }
    }

    private mutating func emit(choices: [PatternNode]) throws(DomainError) {
        var ends: [Int] = []
        for (index, choice) in choices.enumerated() {
            guard index < choices.count - 1 else {
                try emit(choice)
                break
            }
            let split = program.count
            program.append(.match)
            try emit(choice)
            ends.append(program.count)
            program.append(.match)
            program[split] = .split(split + 1, program.count)
        }
        for end in ends { program[end] = .jump(program.count) }
    }

    /// `x?` inside `x?` inside …: each copy may be where the repetition stops.
    private mutating func emit(optional part: PatternNode, count: Int) throws(DomainError) {
        var splits: [Int] = []
        for _ in 0..<count {
            splits.append(program.count)
            program.append(.match)
            try emit(part)
        }
        for split in splits { program[split] = .split(split + 1, program.count) }
    }
}
