// SPDX-License-Identifier: Apache-2.0

import Plan

/// Resources whose Pods devloop does not render: `k8s_custom_deploy` and `sync_resource`.
extension Decider {
    func decideForeign(
        _ resource: Resource, _ paths: [String], _ exists: (String) -> Bool, _ outcome: inout Outcome
    ) {
        let deps = resource.kubernetes?.customDeploy?.deps
        let image = resource.kubernetes?.foreignImage.flatMap(plan.image)
        let paths = image.map { LiveChanges.relevant(paths, to: $0) } ?? paths
        func apply(_ reason: String) {
            outcome.runs.append(resource.name)
            outcome.decisions.append(Decision(resource: resource.name, action: .apply, reason: reason))
        }
        let changes = image.map { LiveChanges($0, paths, exists: exists) }
        if let deps {
            var reason = changes?.fallBack.map { "\(Self.name($0)) is in fall_back_on" }
            reason = reason ?? changes?.built.map { "\(Self.name($0)) has the policy build" }
            let matched = Set((changes?.matched ?? []).map(\.source))
            let rest = paths.first { path in
                !matched.contains(path) && deps.contains { Self.covers($0, path) }
            }
            reason =
                reason
                ?? rest.map { path in
                    "\(Self.name(path)) is one of its deps" + (matched.isEmpty ? "" : ", and no sync rule names it")
                }
            if let reason {
                apply(reason)
                // What the command makes of the other files is not known, so that they are brought as well.
                if let image, let changes { sync(changes, of: image, paths, &outcome) }
                return
            }
        }
        guard let image, let changes, let first = changes.matched.first else { return }
        sync(changes, of: image, paths, &outcome)
        if let reason = refusals?[image.ref] {
            if deps != nil {
                return apply("\(Self.name(first.source)) is one of its deps; it is not synced: \(reason)")
            }
            outcome.decisions.append(
                Decision(resource: resource.name, action: .nothing, reason: "it cannot be synced: \(reason)"))
            return
        }
        // Only a session knows the Pods.
        var condition = ""
        if refusals == nil, image.foreign?.via == .agent {
            condition =
                deps == nil ? ", if its containers have an agent" : "; apply_cmd runs if its containers have no agent"
        }
        decideSync(changes, of: resource, condition: condition, &outcome)
    }
}
