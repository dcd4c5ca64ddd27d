// SPDX-License-Identifier: Apache-2.0

/// Collects the code of one function.
struct CodeBuilder {
    private(set) var words: [UInt32] = []
    private(set) var constants: [Value] = []
    private(set) var names: [AttributeName] = []
    var functions: [FunctionCode] = []
    var callSites: [CallSite] = []
    var loadSites: [LoadSite] = []
    private(set) var positions: [(word: UInt32, spot: Spot)] = []
    /// The depth of the operand stack at this point, and the greatest so far.
    private(set) var depth = 0
    private(set) var maxDepth = 0

    private var stringConstants: [[UInt8]: Int] = [:]
    private var intConstants: [Int: Int] = [:]
    private var nameIndices: [String: Int] = [:]

    /// Where the loops around this point begin and, still unknown, end.
    var loops: [Loop] = []

    struct Loop {
        let start: Int
        var exits: [Int] = []
    }

    var here: Int { words.count }

    /// Appends an instruction that changes the depth of the stack by `effect`. Gives its place.
    @discardableResult
    mutating func emit(_ opcode: Opcode, _ operand: Int = 0, effect: Int, at spot: Spot? = nil) -> Int {
        if let spot { positions.append((UInt32(words.count), spot)) }
        words.append(UInt32(opcode.rawValue) | UInt32(truncatingIfNeeded: operand) << 8)
        depth += effect
        maxDepth = max(maxDepth, depth)
        return words.count - 1
    }

    /// Appends a word that belongs to the instruction before it.
    mutating func emit(word: Int) {
        words.append(UInt32(truncatingIfNeeded: word))
    }

    /// Makes the jump at `place` lead here.
    mutating func land(_ place: Int) {
        words[place] = words[place] & 0xFF | UInt32(here) << 8
    }

    /// The depth is what another path to this point has left.
    mutating func adjust(_ effect: Int) {
        depth += effect
    }

    mutating func constant(_ value: Value) -> Int {
        switch value {
        case .int(let number):
            if let known = intConstants[number] { return known }
            intConstants[number] = constants.count
        case .object(let object) where object.kind == .string:
            let bytes = unsafeDowncast(object, to: StarlarkString.self).bytes
            if let known = stringConstants[bytes] { return known }
            stringConstants[bytes] = constants.count
        default: break
        }
        constants.append(value)
        return constants.count - 1
    }

    mutating func name(_ name: String) -> Int {
        if let known = nameIndices[name] { return known }
        nameIndices[name] = names.count
        names.append(AttributeName(name))
        return names.count - 1
    }
}
