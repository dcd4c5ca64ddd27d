// SPDX-License-Identifier: Apache-2.0

import Starlark

/// Breaks the programs of the suites in random places and runs what comes out, through scanner, parser, printer,
/// resolver and interpreter. A fault of ours shows as a crash, or as a source that does not survive being printed.
package struct Fuzzer {
    private let seeds: [[UInt8]]
    private let seed: UInt64
    /// The number of the next source. Each source depends on the seed and its number only.
    package private(set) var number: UInt64

    /// Instructions that a source may execute.
    private static let steps = 20_000
    /// The longest source.
    private static let sizeLimit = 3_000
    /// The longest range: a builtin that walks one is not stopped by the limit of instructions.
    private static let rangeLimit = 100_000

    /// Prepares the programs of a folder, from the source with this number on.
    package init(_ folder: ConformanceFolder, seed: UInt64, from number: UInt64 = 0) throws {
        var seeds: [[UInt8]] = []
        for file in SuiteGroup.all.flatMap(\.files) {
            for chunk in try ChunkedFile(file.path, in: folder).chunks {
                // Programs begin with the padding that keeps their line numbers.
                let source = Array(chunk.source.utf8).drop { $0 == 0x0A }
                if !source.isEmpty { seeds.append(Array(source)) }
            }
        }
        self.seeds = seeds
        self.seed = seed
        self.number = number
    }

    /// Makes the next source.
    package mutating func next() -> [UInt8] {
        var random = SplitMix(state: seed &+ number &* 0x9E37_79B9_7F4A_7C15)
        number += 1
        guard var source = seeds.randomElement(using: &random) else { return [] }
        if source.count > Self.sizeLimit {
            let start = Int.random(in: 0...(source.count - Self.sizeLimit), using: &random)
            source = Array(source[start..<start + Self.sizeLimit])
        }
        for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&source, &random) }
        return source
    }

    private static let fragments = [
        "(", ")", "[", "]", "{", "}", ":", "\n", "\n  ", "\n\t", "\"", "'''", "\\", "lambda x: ", "for x in ",
        "if x:", "else:", "def f(*a, **k): ", "*", "**", "0x", "1e", ".", "=", "==", "not ", "in ", "-", "~",
        "\u{FF}", "é", "b\"", "r'", "%", "%r", "return", "load(", "x", "None", "1", "-1", "99", "[x for x in ", ", ",
        "and ", "0.5", "\r", "\0",
    ].map { Array($0.utf8) }

    private func mutate(_ source: inout [UInt8], _ random: inout SplitMix) {
        let place = Int.random(in: 0...source.count, using: &random)
        let end = min(source.count, place + Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: source.insert(contentsOf: Self.fragments.randomElement(using: &random) ?? [], at: place)
        case 1: source.removeSubrange(place..<end)
        case 2 where place < source.count: source[place] = UInt8.random(in: 0...255, using: &random)
        case 3: source.insert(contentsOf: Array(source[place..<end]), at: place)
        case 4 where place < source.count: source[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 5:
            // A piece of another program.
            guard let other = seeds.randomElement(using: &random), !other.isEmpty else { return }
            let start = Int.random(in: 0..<other.count, using: &random)
            let piece = other[start..<min(other.count, start + Int.random(in: 1...80, using: &random))]
            source.insert(contentsOf: Array(piece), at: place)
        default: source.removeSubrange(min(place, end)..<end)
        }
    }

    /// Puts a source through everything. Gives what is wrong, nil when nothing is.
    package static func check(_ source: [UInt8]) -> String? {
        if let printed = try? Starlark.printed(file: "fuzz.star", source: source) {
            let again = try? Starlark.printed(file: "fuzz.star", source: printed)
            if again != printed { return "what the printer wrote does not parse to the same" }
        }
        let thread = Thread()
        defer { thread.close() }
        thread.maxSteps = steps
        var predeclared: [String: Value] = [
            "json": .object(Starlark.jsonModule()), "math": .object(Starlark.mathModule()),
            "time": .object(Starlark.timeModule(now: { (0, 0) })),
            "struct": .object(StarlarkStruct.constructorFunction()), "assert": .object(lenientAssert()),
        ]
        if let range = thread.universe["range"] {
            predeclared["range"] = .object(
                Builtin("range") { thread, arguments in
                    let value = try thread.call(range, arguments)
                    guard (value.length ?? 0) <= rangeLimit else { throw StarlarkError("range is too long here") }
                    return value
                })
        }
        do {
            let globals = try Starlark.execute(
                file: "fuzz.star", source: withoutLoads(source), dialect: .tilt, predeclared: predeclared,
                thread: thread)
            for value in globals.values { _ = value.repr() }
        } catch {
            // An error is the usual end; it must be one that can be shown.
            _ = (error as? EvalError)?.backtrace() ?? String(describing: error)
        }
        return nil
    }

    /// The suites load their assertions, which are predeclared here instead.
    private static func withoutLoads(_ source: [UInt8]) -> [UInt8] {
        var result = source
        if let load = source.firstRange(of: Array("load(".utf8)) { result.replaceSubrange(load, with: "dict(".utf8) }
        return result
    }

    /// Assertions that call what they are given and do not mind the result.
    private static func lenientAssert() -> StarlarkModule {
        let ignore = { (name: String) in (name, Value.object(Builtin(name) { _, _ in .none })) }
        var members = Dictionary(
            uniqueKeysWithValues: ["eq", "ne", "true", "lt", "contains", "fail"].map(ignore))
        members["fails"] = .object(
            Builtin("fails") { thread, arguments in
                if let function = arguments.positional.first { _ = try? thread.call(function, Arguments()) }
                return .none
            })
        return StarlarkModule("assert", members)
    }
}

/// A small generator of random numbers, the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
