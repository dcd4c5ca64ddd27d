// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ProcessRunner
import SwiftBuilder
import Synchronization

/// Makes random edits in a package, builds them with `SwiftBuilder`, and holds what the programs print to what those of
/// a clean `swift build` print.
package struct EditRun {
    /// What an edit took.
    package struct Outcome: Sendable {
        package var kind: EditKind?
        /// Of all builds of the edit, and of the clean one; that is zero when its sources were built clean before.
        package var built: Duration
        package var clean: Duration
        package var builds: Int
        /// Source files that were written, over all builds.
        package var files: Int
        /// How often the builder looked at files again that the compiler had left out.
        package var repeats: Int
        /// How many of the builds ran SwiftPM; the others were the builder's own.
        package var planned: Int
    }

    package let seed: UInt64
    /// Holds the package (`edited`), the clean one (`clean`), and what was kept of a stale result (`stale`).
    package let folder: String
    private let builder: SwiftBuilder
    private var edited: LaidOutPackage
    private var clean: CleanBuild
    private var model: PackageModel
    /// What was written while a build ran: a session tells of it with its next request.
    private var savedMeanwhile: [String] = []

    /// - Parameters:
    ///   - folder: absolute; kept, with what it holds, from run to run.
    ///   - step: the edits that were made before.
    package init(folder: String, seed: UInt64, after step: Int, environment: [String: String]) throws {
        self.folder = folder
        self.seed = seed
        builder = SwiftBuilder(package: "\(folder)/edited", environment: environment)
        edited = try LaidOutPackage(folder: "\(folder)/edited")
        clean = try CleanBuild(folder: "\(folder)/clean", environment: BuildEnvironment.filtered(environment))
        model = EditStep.model(seed: seed, after: step)
    }

    /// Builds the package as it is before the next edit.
    /// - Throws: as ``perform(_:)``.
    package mutating func begin(at step: Int) async throws -> Outcome {
        try await perform(
            EditStep(number: step, kind: .touch, phases: [EditStep.Phase(sources: model.sources)], model: model))
    }

    /// Makes the edit with this number; they come one after the other.
    /// - Throws: ``StaleResult`` when the builder is wrong; `DevloopError` when nothing could be told; `CancellationError`.
    package mutating func perform(number: Int) async throws -> Outcome {
        try await perform(EditStep(seed: seed, number: number, of: model))
    }

    private mutating func perform(_ step: EditStep) async throws -> Outcome {
        let before = edited.sources
        var outcome = Outcome(kind: step.kind, built: .zero, clean: .zero, builds: 0, files: 0, repeats: 0, planned: 0)
        do {
            for phase in step.phases { try await build(phase, &outcome) }
            let outputs = try await ProgramOutput.of(step.model.programs) { [builder] in
                await builder.executablePath($0)
            }
            let truth = try await clean.outputs(of: step.model.sources, programs: step.model.programs)
            outcome.clean = truth.duration
            guard outputs == truth.outputs else {
                throw StaleResult(what: "other output than after a clean build", outputs: outputs, truth: truth.outputs)
            }
        } catch var stale as StaleResult {
            stale.complete(seed: seed, step: step, folder: folder)
            try await stale.keep(before: before)
            throw stale
        }
        model = step.model
        return outcome
    }

    private mutating func build(_ phase: EditStep.Phase, _ outcome: inout Outcome) async throws {
        if !phase.passing.isEmpty { try edited.write(phase.passing, style: phase.style) }
        var changed = try edited.write(phase.sources, style: phase.style)
        for path in phase.touched {
            try FileSystem.setTime("\(edited.folder)/\(path)", seconds: nil)
            changed.append("\(edited.folder)/\(path)")
        }
        changed += savedMeanwhile.filter { !changed.contains($0) }
        savedMeanwhile = []
        outcome.files += changed.count
        outcome.builds += 1
        let start = ContinuousClock.now
        let (result, notes) = try await build(
            BuildRequest(products: model.programs, changedFiles: phase.isTold ? changed : []), phase)
        outcome.built += ContinuousClock.now - start
        outcome.repeats += notes.repeats
        outcome.planned += notes.planned
        guard let result else { return }
        switch (result, phase.broken) {
        case (.succeeded, nil): return
        case (.succeeded, let path?): throw StaleResult(what: "the build succeeded, but \(path) does not compile")
        case (.failed(let failure), nil):
            let words = (failure.diagnostics.map(\.description) + failure.outputTail).joined(separator: "\n")
            throw StaleResult(what: "the build failed:\n\(words)")
        case (.failed(let failure), let path?):
            let named = failure.diagnostics.contains { $0.location?.file == "\(edited.folder)/\(path)" }
            guard named else {
                let words = failure.diagnostics.map(\.description).joined(separator: "\n")
                throw StaleResult(what: "no diagnostic names \(path), which does not compile:\n\(words)")
            }
        }
    }

    /// Builds, and does meanwhile what the phase says; no result when that makes the result one of no account.
    private mutating func build(
        _ request: BuildRequest, _ phase: EditStep.Phase
    ) async throws -> (result: BuildOutcome?, notes: BuildNotes) {
        let (steps, isStep) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let notes = Mutex(BuildNotes())
        let work = Task { [builder] in
            defer { isStep.finish() }
            return try await builder.build(request) { event in
                notes.withLock { $0.add(event) }
                if case .progressed = event { isStep.yield() }
            }
        }
        return try await withTaskCancellationHandler {
            switch phase.interruption {
            case .none: return (try await work.value, notes.withLock { $0 })
            case .saved(let sources):
                for await _ in steps { break }
                savedMeanwhile = try edited.write(sources, style: phase.style)
                _ = try await work.value
            case .cancelled:
                for await _ in steps { break }
                work.cancel()
                do { _ = try await work.value } catch is CancellationError { try Task.checkCancellation() }
            }
            return (nil, notes.withLock { $0 })
        } onCancel: {
            work.cancel()
        }
    }
}

/// What the events of one build told.
private struct BuildNotes {
    var repeats = 0
    /// 1 when SwiftPM ran.
    var planned = 0

    mutating func add(_ event: BuildEvent) {
        switch event {
        case .repeated: repeats += 1
        case .started(let line, _) where line.hasPrefix("swift build"): planned = 1
        default: break
        }
    }
}
