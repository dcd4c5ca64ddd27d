// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ProcessRunner
import SwiftBuilder
import Synchronization

/// Builds of five services, without a cluster: devloop's builder against `swift build` as one would call it, in two copies
/// of one package, so that neither disturbs the other.
struct FiveBuilds {
    /// Saves per row are this many at most.
    static let most = 15

    let context: BenchContext
    let ours: FivePackage
    let plain: FivePackage
    private let builder: SwiftBuilder

    init(context: BenchContext) {
        self.context = context
        ours = FivePackage(folder: "\(context.work)/five")
        plain = FivePackage(folder: "\(context.work)/five-plain")
        builder = SwiftBuilder(package: ours.folder, environment: context.environment)
    }

    private var saves: Int { min(context.saves, Self.most) }
    private var peer: PlainBuild { PlainBuild(context: context, package: plain.folder, flags: []) }

    /// Makes both packages and builds them; the first time of all that takes minutes.
    func prepare() async throws {
        try ours.make()
        try plain.make()
        context.say("  five: building both copies; the first time all of their packages are compiled")
        _ = try await build(FivePackage.services, changed: [])
        _ = try await peer.run()
    }

    func run() async throws -> [RowResult] {
        let service = FivePackage.services[0]
        context.say("  five: \(saves) edits of a service")
        var results = try await edits("five-service", [service], ours.source(service), plain.source(service))
        context.say("  five: \(saves) edits of the shared library")
        results += try await edits("five-shared", FivePackage.services, ours.sharedSource, plain.sharedSource)
        context.say("  five: \(saves) saves of nothing new")
        return try await results + noEdits(ours.source(service))
    }

    /// Pairs of the same edit in both copies, each first in turn.
    private func edits(
        _ name: String, _ services: [String], _ source: String, _ plainSource: String
    ) async throws -> [RowResult] {
        let (own, other) = (try BannerFile(source), try BannerFile(plainSource))
        var markers = Markers()
        var (times, alone, ratios, skipped) = ([Double](), [Double](), [Double](), 0)
        for round in -2..<saves {
            let marker = markers.next()
            var (ourTime, plainTime) = (0.0, 0.0)
            var didCompile = false
            for turn in 0...1 {
                // The compiler compares whole seconds; such an edit is a case of its own, and the peer may miss it.
                try await Task.sleep(for: .milliseconds(1_050))
                if (round + turn).isMultiple(of: 2) {
                    ourTime = try await edit(own, marker, services)
                } else {
                    let start = ContinuousClock.now
                    try other.write(marker)
                    let output = try await peer.run().output
                    plainTime = (ContinuousClock.now - start).inMilliseconds
                    didCompile = output.contains("Compiling")
                }
            }
            guard round >= 0 else { continue }
            guard didCompile else {
                skipped += 1
                continue
            }
            times.append(ourTime)
            alone.append(plainTime)
            ratios.append(ourTime / plainTime)
        }
        let notes = skipped == 0 ? [] : ["\(skipped) pairs left out: swift build took the edit for none"]
        return [
            RowResult(name, times, notes: notes), RowResult("\(name)-plain", alone), RowResult("\(name)-ratio", ratios),
        ]
    }

    /// - Returns: milliseconds from the write until all artifacts are there. That they show the edit is looked at after.
    private func edit(_ file: BannerFile, _ marker: String, _ services: [String]) async throws -> Double {
        let start = ContinuousClock.now
        try file.write(marker)
        let success = try await build(services, changed: [file.path]).success
        let time = (ContinuousClock.now - start).inMilliseconds
        for artifact in success.artifacts {
            let said = try await ProcessRunner.run(ProcessCommand([artifact.path, "--say"])).outputText
            guard said.contains(marker) else { throw BenchFailure("\(artifact.path) says '\(said)', not \(marker)") }
        }
        return time
    }

    /// The same text is written again.
    private func noEdits(_ source: String) async throws -> [RowResult] {
        let text = try Files.read(source)
        var (times, compiled) = ([Double](), [Double]())
        for round in -2..<saves {
            try await Task.sleep(for: .milliseconds(250))
            try Files.write(source, text)
            let start = ContinuousClock.now
            let count = try await build([FivePackage.services[0]], changed: [source]).compiled
            guard round >= 0 else { continue }
            times.append((ContinuousClock.now - start).inMilliseconds)
            compiled.append(Double(count))
        }
        return [RowResult("five-nothing", times), RowResult("five-nothing-compiles", compiled)]
    }

    private func build(
        _ services: [String], changed: [String]
    ) async throws -> (success: BuildSuccess, compiled: Int) {
        let compiled = Atomic(0)
        let outcome = try await builder.build(BuildRequest(products: services, changedFiles: changed)) { event in
            if case .progressed(_, _, let step) = event, step.hasPrefix("Compiling ") {
                compiled.add(1, ordering: .relaxed)
            }
        }
        switch outcome {
        case .succeeded(let success): return (success, compiled.load(ordering: .relaxed))
        case .failed(let failure):
            let words = failure.diagnostics.map(\.description) + failure.outputTail
            throw BenchFailure("the build of \(ours.folder) failed: \(words.joined(separator: "\n"))")
        }
    }
}
