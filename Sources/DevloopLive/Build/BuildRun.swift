// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Devloopfile
import ImageDelivery
package import LoopEngine
import Plan

/// `devloop build`: compiles the Swift products of resources and packs their images. No cluster is asked, nothing leaves
/// this machine, but for what commands of the spec do by themselves.
package struct BuildRun: Sendable {
    package let journal = Journal.hidingSecrets(wall: LiveEnvironment.clock.wall)
    private let settings: LiveSettings
    private let names: [String]

    /// - Parameter names: resources; empty means all.
    package init(_ settings: LiveSettings, names: [String]) {
        self.settings = settings
        self.names = names
    }

    /// Runs to the end, and closes the journal.
    /// - Throws: the failure, which the journal has too.
    package func run(version: String) async throws {
        defer { journal.close() }
        journal.record(.sessionStarted, ["command": "build", "version": .string(version)])
        do {
            let evaluated = try await SpecRun.evaluate(settings, mode: .run, journal: journal)
            let resources = try ImageBuild.resources(names, of: evaluated)
            let build = ImageBuild(
                plan: evaluated, journal: journal, architecture: HostTools.architecture, naming: KeptHere())
            _ = try await build.run(resources)
            end(.ok, "done")
        } catch is CancellationError {
            end(.interrupted, "interrupted")
            throw DevloopError(.interrupted, "interrupted")
        } catch {
            let known = error as? DevloopError
            end(known?.code.exit ?? .workFailed, known?.description ?? "\(error)")
            throw error
        }
    }

    private func end(_ status: ExitStatus, _ reason: String) {
        journal.record(
            .sessionEnded, ["exit": .int(Int(status.rawValue)), "reason": .string(reason), "failed": .array([])])
    }
}

/// Evaluates the spec for commands without a session, with the events that a session records.
enum SpecRun {
    static func evaluate(
        _ settings: LiveSettings, mode: DevloopfileRequest.Mode, journal: Journal
    ) async throws -> Plan {
        let start = ContinuousClock.now
        let adapter = SpecAdapter(settings: settings, directory: HostPaths.workingDirectory, mode: mode)
        let evaluation = await adapter.evaluation()
        for line in evaluation.output { journal.record(.logWritten, resource: nil, ["text": .string(line)]) }
        guard let plan = evaluation.plan, evaluation.error == nil else {
            let error = evaluation.error ?? DevloopError(.spec, "the Devloopfile gave no plan")
            journal.record(.planFailed, Session.fields(error))
            throw error
        }
        journal.hideSecrets(of: plan)
        journal.record(
            .planLoaded,
            [
                "resources": .array(plan.resources.map { .string($0.name) }),
                "duration": .int((ContinuousClock.now - start).milliseconds),
                "warnings": .array(
                    plan.warnings.map { warning in
                        .string(warning.location.map { "\($0): \(warning.message)" } ?? warning.message)
                    }),
            ])
        return plan
    }
}
