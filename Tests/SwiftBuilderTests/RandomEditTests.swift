// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import ProcessRunner
import RandomEdits
import Testing

@testable import SwiftBuilder

/// Beside the other real builds, which wait for each other: it takes three minutes.
@Suite struct RandomEditTests {
    /// After each of twenty random edits the programs print what they print after a clean `swift build`. The hundreds are
    /// `scripts/soak`'s.
    @Test(.timeLimit(.minutes(25)))
    func randomEditsAreNeverStale() async throws {
        let folder = try TemporaryDirectory("random-edits")
        let seed: UInt64 = 20_251_128
        var run = try EditRun(folder: folder.path, seed: seed, after: 0, environment: ProcessEnvironment.current)
        do {
            _ = try await run.begin(at: 0)
            for number in 1...20 { _ = try await run.perform(number: number) }
        } catch let stale as StaleResult {
            // The folder goes with the test; the soak makes the same edit again and keeps it.
            Issue.record("\(stale); again with: scripts/soak --seed \(seed)")
        }
    }
}

@Suite struct EditStepTests {
    @Test func aStepCanBeMadeAgain() {
        let model = EditStep.model(seed: 5, after: 60)
        #expect(EditStep.model(seed: 5, after: 60) == model)
        #expect(EditStep.model(seed: 6, after: 60) != model)
        #expect(EditStep(seed: 5, number: 61, of: model).model == EditStep.model(seed: 5, after: 61))
    }

    @Test func everyDeckHasEveryKind() {
        let count = EditKind.allCases.count
        for deck in 0..<3 {
            let kinds = (1...count).map { EditStep.kind(seed: 9, number: deck * count + $0) }
            #expect(Set(kinds).count == count)
        }
    }

    /// Edits that change nothing would test nothing.
    @Test func editsChangeTheSources() {
        var model = PackageModel(seed: 3)
        for number in 1...(4 * EditKind.allCases.count) {
            let step = EditStep(seed: 3, number: number, of: model)
            let old = model.sources
            switch step.kind {
            case .touch: #expect(step.phases.contains { !$0.touched.isEmpty })
            case .undoneAtOnce: #expect(step.phases.contains { $0.sources != old || !$0.passing.isEmpty })
            case .several, .twiceWithinASecond, .savedDuringBuild, .superseded: break
            default: #expect(step.phases.contains { $0.sources != old }, "\(number): \(step.kind)")
            }
            model = step.model
        }
    }

    /// The package stays one of the same size, so that the last of many edits takes no longer than the first.
    @Test func thePackageStaysSmall() {
        for seed in UInt64(1)...4 {
            let model = EditStep.model(seed: seed, after: 600)
            #expect(model.sources.count < 60)
            #expect(model.sources.values.reduce(0) { $0 + $1.utf8.count } < 120_000)
        }
    }
}
