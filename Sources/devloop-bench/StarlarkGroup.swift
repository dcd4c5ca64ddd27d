// SPDX-License-Identifier: Apache-2.0

import Glibc
import ProcessRunner

/// The interpreter of Devloopfiles against CPython, over the benchmarks of the starlark-go suite. Needs no cluster.
struct StarlarkGroup {
    static let rounds = 3

    /// The clone, beside which the public suites may lie.
    let root: String
    let say: @Sendable (String) -> Void

    func run() async throws -> [RowResult] {
        let folder = ProcessEnvironment.value("DEVLOOP_CONFORMANCE") ?? "\(root)/../shared/conformance/starlark"
        let source = "\(folder)/starlark-go/starlark/benchmark.star"
        guard access(source, R_OK) == 0 else {
            say(
                "skipped: starlark: there is no conformance data in \(folder); DEVLOOP_CONFORMANCE names another folder"
            )
            return []
        }
        let version = try? await ProcessRunner.run(ProcessCommand(["python3", "--version"]))
        guard let version, version.status.isSuccess else {
            say("skipped: starlark: there is no python3 to compare with")
            return []
        }
        var (means, parsing) = ([Double](), [Double]())
        var ratios: [String: [Double]] = [:]
        for round in 1...Self.rounds {
            say("  starlark: round \(round) of \(Self.rounds)")
            let ours = try await figures([try Self.program("starlark-conformance"), folder, "--bench"])
            let theirs = try await figures(["python3", "\(root)/scripts/lib/starlark_bench.py", source])
            guard let speed = ours["parse_megabytes"] else { throw BenchFailure("starlark-conformance did not parse") }
            parsing.append(1_000 / speed)
            var logarithms: [Double] = []
            for (name, time) in theirs {
                guard let own = ours[name] else { continue }
                ratios[name, default: []].append(own / time)
                // JSON is a library in C there and a part of the language's own library here; it is told, not counted.
                if !name.contains("json") { logarithms.append(log(own / time)) }
            }
            guard !logarithms.isEmpty else { throw BenchFailure("no benchmark ran in both") }
            means.append(exp(logarithms.reduce(0, +) / Double(logarithms.count)))
        }
        let notes = ratios.sorted { $0.key < $1.key }.map { name, values in
            "\(name.dropFirst("bench_".count)): \(Self.hundredths(values.sorted()[values.count / 2]))"
        }
        let python = version.outputText.split(separator: "\n").first.map(String.init) ?? "python3"
        return [
            RowResult("starlark", means, notes: ["\(python); medians: \(notes.joined(separator: ", "))"]),
            RowResult("starlark-parse", parsing),
        ]
    }

    /// What a program prints as lines `name number`.
    private func figures(_ command: [String]) async throws -> [String: Double] {
        let result = try await ProcessRunner.run(ProcessCommand(command))
        guard result.status.isSuccess else { throw BenchFailure("\(command[0]): \(result.errorText)") }
        var figures: [String: Double] = [:]
        for line in result.outputText.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let number = Double(words[1]) { figures[String(words[0])] = number }
        }
        return figures
    }

    /// A program that was built with this one.
    private static func program(_ name: String) throws -> String {
        guard let real = realpath("/proc/self/exe", nil) else { throw BenchFailure("no /proc/self/exe") }
        defer { free(real) }
        let path = String(cString: real)
        let program = String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) + name
        guard access(program, X_OK) == 0 else { throw BenchFailure("there is no \(program): build it first") }
        return program
    }

    private static func hundredths(_ value: Double) -> String {
        let scaled = Int((value * 100).rounded())
        return "\(scaled / 100).\(scaled % 100 < 10 ? "0" : "")\(scaled % 100)"
    }
}
