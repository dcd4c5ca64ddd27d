// SPDX-License-Identifier: Apache-2.0

import ProcessRunner

/// A headless run of a program that ends at once.
struct CrashGroup {
    static let namespace = "devloop-bench-crash"
    /// Each takes as long as the kubelet's back-off.
    private static let runs = 3

    let context: BenchContext
    let cluster: BenchCluster

    func run() async throws -> [RowResult] {
        try await cluster.freshNamespace(Self.namespace)
        let specs = "\(context.work)/specs"
        // Compiled before: the row is about the crash.
        _ = try await PlainBuild(context: context, package: "\(specs)/tiny").run()
        var times: [Double] = []
        var cause = ""
        for number in 1...Self.runs {
            context.say("  crash: run \(number) of \(Self.runs)")
            let start = ContinuousClock.now
            let result = try await ProcessRunner.run(
                ProcessCommand(
                    [
                        context.program, "ci", "--ui", "json", "-f", "crash/Devloopfile", "-n", Self.namespace,
                        "--on-exit", "delete",
                    ], directory: specs, environment: .exact(context.environment)))
            let time = (ContinuousClock.now - start).inMilliseconds / 1_000
            cause = result.errorText
            guard result.status == .exited(1), cause.contains("exit code 3") else {
                throw BenchFailure("devloop ci ended with \(result.status), not with the cause: \(cause)")
            }
            times.append(time)
        }
        let line = cause.split(separator: "\n").first.map(String.init) ?? ""
        return [RowResult("crash", times, notes: ["it said: \(line)"])]
    }
}

/// Evaluating the repository's own Devloopfile.
struct PlanGroup {
    let context: BenchContext

    func run() throws -> [RowResult] {
        context.say("  plan: \(context.saves) runs")
        var (times, peaks) = ([Double](), [Double]())
        for round in -2..<context.saves {
            let usage = try MeasuredRun.run(
                [context.program, "plan", "--json", "-f", "\(context.root)/Devloopfile"],
                environment: context.environment)
            guard usage.status == 0 else { throw BenchFailure("devloop plan failed in \(context.root)") }
            guard round >= 0 else { continue }
            times.append(usage.milliseconds)
            peaks.append(usage.peakMegabytes)
        }
        return [RowResult("plan", times), RowResult("plan-memory", peaks)]
    }
}

/// Sizes of the programs.
struct SizeGroup {
    let context: BenchContext

    func run() async throws -> [RowResult] {
        let stripped = "\(context.work)/devloop.stripped"
        try await strip(context.program, to: stripped)
        let size = try megabytes(stripped)
        let libraries = try await swiftLibraries()
        let agent = "\(context.work)/devloop-agent.stripped"
        try await strip(context.program + "-agent", to: agent)
        return [
            RowResult("size", [size]),
            RowResult(
                "size-all", [try libraries.reduce(size) { try $0 + megabytes($1) }],
                notes: ["\(libraries.count) libraries of the toolchain"]),
            RowResult("size-agent", [try megabytes(agent)]),
        ]
    }

    private func strip(_ program: String, to copy: String) async throws {
        let result = try await ProcessRunner.run(ProcessCommand(["llvm-objcopy", "--strip-all", program, copy]))
        guard result.status.isSuccess else { throw BenchFailure("llvm-objcopy: \(result.errorText)") }
    }

    /// Files of the toolchain that the loader finds for the program.
    private func swiftLibraries() async throws -> [String] {
        let result = try await ProcessRunner.run(ProcessCommand(["ldd", context.program]))
        return result.outputText.split(separator: "\n").compactMap { line in
            guard let arrow = line.range(of: " => ") else { return nil }
            let path = String(line[arrow.upperBound...].prefix { $0 != " " })
            return path.contains("/swift/") ? path : nil
        }
    }

    private func megabytes(_ path: String) throws -> Double { Double(try Files.size(path)) / 1_000_000 }
}
