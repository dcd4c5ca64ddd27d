// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Devloopfile
import LoopEngine
import Plan

/// `devloop down`.
package enum TakeDown {
    /// Evaluates the spec and deletes those of its objects that devloop created; without names also what earlier sessions
    /// created and the spec has no more.
    /// - Parameters:
    ///   - names: resources to take down; empty means all.
    ///   - print: what is deleted, a line each.
    ///   - remark: what a person should know besides.
    package static func run(
        _ settings: LiveSettings, names: [String], print: @escaping @Sendable (String) -> Void,
        remark: @escaping @Sendable (String) -> Void
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
        let connection = try await ClusterAdapter(settings: settings).session(plan.settings)
        if let holder = await connection.keeper.otherHolder() {
            remark("note: the project is in use: \(holder.text); that session may make things again")
        }
        let onEvent: @Sendable (ApplyNotice) -> Void = { notice in
            switch notice {
            case .pruned(let object): print("\(object) deleted")
            case .remark(let text): remark(text)
            case .applied, .failed: break
            }
        }
        do {
            for resource in chosen.reversed() {
                guard let deploy = resource.kubernetes?.customDeploy else { continue }
                try await connection.takeDown(
                    CustomWork(resource: resource, deploy: deploy, images: []), onEvent: onEvent)
            }
            let objects = chosen.compactMap(\.kubernetes).flatMap(\.objects)
            try await connection.delete(objects, onEvent: onEvent)
            if names.isEmpty { try await connection.prune(keeping: objects, onEvent: onEvent) }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}
