// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension Session {
    /// Another resource that is about to apply a ConfigMap or Secret that this one's Pods use: new Pods would read the
    /// old one. Not one that itself waits for this resource.
    func configurationToWaitFor(_ name: String) -> String? {
        configurationOwners(of: name).first { owner in
            guard let state = resources[owner], state.isEnabled else { return false }
            return (state.needsDeploy || state.isTaskRunning) && !waits(owner, for: name)
        }
    }

    private func configurationOwners(of name: String) -> [String] {
        guard let plan, let resource = plan.resource(name) else { return [] }
        let used = plan.configuration(of: resource)
        guard !used.isEmpty else { return [] }
        return order.filter { other in
            other != name
                && (resources[other]?.resource.kubernetes?.objects ?? []).contains { object in
                    used.contains { $0.json == object.json }
                }
        }
    }

    /// Whether a resource cannot start before another one, directly or through others.
    private func waits(_ name: String, for other: String) -> Bool {
        var seen: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            guard seen.insert(next).inserted, let resource = resources[next]?.resource else { continue }
            if next == other { return true }
            open += resource.dependencies + resource.after + resource.rebuiltBy + configurationOwners(of: next)
        }
        return false
    }
}
