// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevloopCore
import Glibc

/// Measures devloop as its user sees it; `scripts/bench` prepares what this needs.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "devloop-bench", abstract: "Measure devloop")

    static let groups = [
        "size", "plan", "static", "tiny", "big", "restart", "fleet", "checkout", "idle", "link", "local", "local-first",
        "five", "five-image",
        "image", "crash", "logs", "starlark", "watch",
    ]
    /// Those that need neither devloop nor a cluster.
    private static let alone: Set<String> = ["logs", "starlark", "watch"]

    @Option(help: "The clone")
    var root = "."

    @Option(help: "Saves per row")
    var saves = 50

    @Option(help: "Rows to measure, with commas between: \(groups.joined(separator: ", "))")
    var rows = groups.joined(separator: ",")

    @Option(help: "File for the figures as JSON")
    var json: String?

    @Flag(help: "Write the table into docs/benchmarks.md")
    var writeDocs = false

    func validate() throws {
        if writeDocs && chosen.isSubset(of: Self.alone) {
            throw ValidationError("the table of docs/benchmarks.md needs the other rows too")
        }
        if saves < 1 { throw ValidationError("--saves needs a number from 1") }
        for row in chosen where !Self.groups.contains(row) {
            throw ValidationError("no such row: \(row); there are \(Self.groups.joined(separator: ", "))")
        }
    }

    private var chosen: Set<String> { Set(rows.split(separator: ",").map(String.init)) }

    func run() async throws {
        if chosen.isSubset(of: Self.alone) { return try await runAlone() }
        let context = try BenchContext(root: root, saves: saves)
        let kubeconfig = context.environment["KUBECONFIG"] ?? ""
        var (results, failures) = ([RowResult](), [String]())
        // First, since a child's peak memory is never told as less than what its parent has.
        if chosen.contains("plan") { results += try PlanGroup(context: context).run() }
        try context.prepare()
        let cluster = try await BenchCluster(kubeconfig: kubeconfig)
        let machine = await Report.machine(cluster: cluster.version)
        func attempt(_ name: String, _ groups: Set<String>, _ body: () async throws -> [RowResult]) async {
            guard !chosen.isDisjoint(with: groups) else { return }
            do {
                results += try await body()
            } catch {
                // One row that cannot be measured does not cost the others.
                let words = (error as? DevloopError)?.report ?? "\(error)"
                failures.append("\(name): \(words)")
                context.say("error: \(name): \(words)")
            }
        }
        await attempt("size", ["size"]) { try await SizeGroup(context: context).run() }
        await attempt("tiny", ["static", "tiny", "big", "restart"]) {
            try await TinyGroup(context: context, cluster: cluster, rows: chosen).run()
        }
        await attempt("fleet", ["fleet"]) { try await FleetGroup(context: context, cluster: cluster).run() }
        for isInMemory in [false, true] {
            await attempt("checkout", ["checkout"]) {
                try await CheckoutGroup(context: context, cluster: cluster, isInMemory: isInMemory).run()
            }
        }
        await attempt("link", ["idle", "link"]) {
            try await LinkGroup(context: context, cluster: cluster, rows: chosen).run()
        }
        await attempt("local", ["local", "local-first"]) {
            try await LocalGroup(context: context, rows: chosen).run()
        }
        await attempt("five", ["five", "five-image"]) {
            let builds = FiveBuilds(context: context)
            try await builds.prepare()
            return chosen.contains("five") ? try await builds.run() : []
        }
        await attempt("five-image", ["five-image"]) {
            try await FiveImages(context: context, cluster: cluster, package: FiveBuilds(context: context).ours).run()
        }
        await attempt("image", ["image"]) { try await ImageGroup(context: context, cluster: cluster).run() }
        await attempt("crash", ["crash"]) { try await CrashGroup(context: context, cluster: cluster).run() }
        await attempt("logs", ["logs"]) { try await LogGroup(say: BenchContext.say).run() }
        await attempt("starlark", ["starlark"]) {
            try await StarlarkGroup(root: context.root, say: BenchContext.say).run()
        }
        await attempt("watch", ["watch"]) { try await WatchGroup(say: BenchContext.say).run() }
        let order = Row.all.map(\.id)
        results.sort { (order.firstIndex(of: $0.row.id) ?? 0) < (order.firstIndex(of: $1.row.id) ?? 0) }
        let report = Report(machine: machine, rows: results)
        print(report.table)
        if let json { try Files.write(json, Array((report.json.prettyText + "\n").utf8)) }
        if writeDocs, failures.isEmpty { try report.write(to: "\(context.root)/docs/benchmarks.md") }
        let names = [
            TinyGroup.namespace, "devloop-bench-\(FleetGroup.name)", "devloop-bench-\(CheckoutGroup.name)",
            "devloop-bench-\(CheckoutGroup.name)-memory",
            LinkGroup.namespace, FiveImages.namespace, ImageGroup.namespace, CrashGroup.namespace,
        ]
        // After the figures are out: a cluster that takes its time does not cost them.
        for name in names { try await cluster.removeNamespace(name, wait: false) }
        for name in names { try await cluster.removeNamespace(name, wait: true) }
        if !failures.isEmpty { throw ExitCode(1) }
    }

    private func runAlone() async throws {
        var results: [RowResult] = []
        if chosen.contains("logs") { results += try await LogGroup(say: BenchContext.say).run() }
        if chosen.contains("starlark") {
            results += try await StarlarkGroup(root: root, say: BenchContext.say).run()
        }
        if chosen.contains("watch") { results += try await WatchGroup(say: BenchContext.say).run() }
        let report = Report(machine: await Report.machine(cluster: nil), rows: results)
        print(report.table)
        if let json { try Files.write(json, Array((report.json.prettyText + "\n").utf8)) }
    }
}
