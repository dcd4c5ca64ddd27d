// SPDX-License-Identifier: Apache-2.0

/// Whether the driver may build, told from what has changed since everything was built for certain.
enum DriverDecision: Sendable, Equatable {
    /// The sources to compile, by the command of their module; empty when only `owed` modules are left.
    case drive([String: Set<String>])
    /// SwiftPM has to look at it; why.
    case leave(String)

    /// - Parameters:
    ///   - old: the inputs that the last builds have covered.
    ///   - new: the inputs as they are.
    static func make(from old: InputSnapshot, to new: InputSnapshot, _ plan: DriverPlan) -> DriverDecision {
        var changed: [String: Set<String>] = [:]
        if let path = old.files.keys.filter({ new.files[$0] == nil }).min() { return .leave("\(path) is gone") }
        for (path, entry) in new.files {
            guard let before = old.files[path] else { return .leave("\(path) is new") }
            if before.stamp == entry.stamp { continue }
            guard let command = plan.moduleOfSource[path], let module = plan.modules[command] else {
                return .leave("\(path) has changed, which no compiler of Swift reads")
            }
            // Saved again with the same content.
            if before.digest != nil, before.digest == entry.digest { continue }
            if let refusal = module.refusal { return .leave(refusal) }
            changed[command, default: []].insert(path)
        }
        for command in changed.keys {
            for dependent in plan.dependents(of: command) {
                if let refusal = plan.modules[dependent]?.refusal { return .leave(refusal) }
            }
        }
        return .drive(changed)
    }
}
