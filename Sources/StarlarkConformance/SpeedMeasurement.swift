// SPDX-License-Identifier: Apache-2.0

import Starlark

/// How fast the interpreter is, measured with the programs of the starlark-go suite.
package struct SpeedMeasurement {
    private let folder: ConformanceFolder
    /// How long each measured stretch lasts at least.
    private let stretch: Duration
    /// Stretches a function; the fastest counts, since all that disturbs makes it slower.
    private let rounds: Int

    /// Prepares a measurement.
    package init(_ folder: ConformanceFolder, stretch: Duration = .milliseconds(50), rounds: Int = 5) {
        self.folder = folder
        self.stretch = stretch
        self.rounds = rounds
    }

    /// Nanoseconds that one round of each `bench_` function of `benchmark.star` takes, by name.
    package func functions(only: String? = nil) throws -> [(name: String, nanoseconds: Double)] {
        let thread = Thread()
        defer { thread.close() }
        let globals = try Starlark.execute(
            file: "benchmark.star", source: try folder.bytes("starlark-go/starlark/benchmark.star"), dialect: .tilt,
            predeclared: ["json": .object(Starlark.jsonModule())], thread: thread)
        return try globals.keys.filter { $0.hasPrefix("bench_") && (only == nil || $0 == only) }.sorted().map { name in
            let function = globals[name] ?? .none
            return (name, try fastest { count in _ = try thread.call(function, Self.arguments(count)) })
        }
    }

    /// What the functions get: the count, and methods that would leave preparations out of the measurement.
    private static func arguments(_ count: Int) -> Arguments {
        let methods = ["start", "stop", "restart"].map { name in
            (name: name, value: Value.object(Builtin(name) { _, _ in .none }))
        }
        return Arguments(positional: [.object(StarlarkStruct([("n", .int(count))] + methods))])
    }

    /// Megabytes that the parser reads in a second, over `scan.star`.
    package func parsing() throws -> Double {
        let source = try folder.bytes("starlark-go/syntax/scan.star")
        let nanoseconds = try fastest { count in
            for _ in 0..<count {
                guard Starlark.parseErrors(file: "scan.star", source: source).isEmpty else {
                    throw UnreadableFile(path: "scan.star")
                }
            }
        }
        return Double(source.count) / nanoseconds * 1_000
    }

    /// Nanoseconds a repetition. `body` repeats its work as often as it is told; the count grows until that lasts.
    private func fastest(_ body: (Int) throws -> Void) throws -> Double {
        let clock = ContinuousClock()
        var count = 1
        while true {
            let time = try clock.measure { try body(count) }
            if time >= stretch { break }
            let factor = time > .zero ? min(10, max(1.2, 1.2 * (stretch / time))) : 10
            count = max(count + 1, Int(Double(count) * factor))
        }
        var best = Double.infinity
        for _ in 0..<rounds {
            let time = try clock.measure { try body(count) }
            best = min(best, time / .nanoseconds(1) / Double(count))
        }
        return best
    }
}
