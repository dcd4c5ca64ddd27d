// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Devloopfile
import LoopEngine
import Plan

/// `devloop down`.
package enum TakeDown {
    /// Evaluates the spec and deletes those of its objects that devloop created.
    /// - Parameter names: resources to take down; empty means all.
    package static func run(
        _ settings: LiveSettings, names: [String], print: @escaping @Sendable (String) -> Void
    ) async throws {
        let adapter = SpecAdapter(settings: settings, directory: HostPaths.workingDirectory, mode: .down)
        let evaluation = await adapter.evaluation()
        if let error = evaluation.error { throw error }
        let plan = evaluation.plan ?? Plan()
        if let unknown = names.first(where: { plan.resource($0) == nil }) {
            throw DevloopError(
                .usage, "there is no resource \"\(unknown)\"",
                hint: "resources: \(plan.resources.map(\.name).joined(separator: ", "))")
        }
        let chosen = plan.resources.filter { names.isEmpty || names.contains($0.name) }
        let connection = try await ClusterAdapter(settings: settings, opensDelivery: false).connect(plan.settings)
        try await connection.delete(chosen.compactMap(\.kubernetes).flatMap(\.objects)) { notice in
            if case .pruned(let object) = notice { print("\(object) deleted") }
        }
        await connection.close()
    }
}
