// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing

/// What the driver knows since the last build of SwiftPM that succeeded.
struct DriverState: Sendable {
    let plan: DriverPlan
    /// Of what SwiftPM keeps in its scratch folder and on the toolchain: another stamp means another plan.
    let foundation: [String: FileStamp]
    /// The inputs that what lies in the scratch folder was made from.
    var covered: InputSnapshot
    /// The content of each module's interface that its importers were compiled with.
    var interfaces: [String: ContentDigest]
    /// Modules that have to be compiled since one that they import has changed; true when all of their files have to be.
    var owed: [String: Bool] = [:]
    /// Sources that were saved while their module was compiled, by its command: nobody knows which content that was.
    private var unsettled: [String: Set<String>] = [:]
    /// What the last builds have left of each module, by its command: another stamp, or none, means another builder.
    private var outputs: [String: [FileStamp?]] = [:]

    init(plan: DriverPlan, foundation: [String: FileStamp], covered: InputSnapshot) {
        self.plan = plan
        self.foundation = foundation
        self.covered = covered
        interfaces = plan.modules.compactMapValues { try? SHA256.digest(ofFile: $0.interface) }
        outputs = plan.modules.mapValues(Self.outputs)
    }

    /// Whether everything lies there as this state has left it.
    var isUndisturbed: Bool {
        outputs.allSatisfy { command, stamps in plan.modules[command].map(Self.outputs) == stamps }
    }

    /// The compiler begins with the module: until it has ended well, nobody knows what there is of it.
    mutating func begin(_ module: DriverPlan.Module) { outputs[module.command] = nil }

    private static func outputs(_ module: DriverPlan.Module) -> [FileStamp?] {
        (module.objects + [module.interface]).map { path in
            var stamp = FileStamp(path)
            // ``LaterTimes`` sets times and takes them back, which the file system notes here.
            stamp?.changed = 0
            return stamp
        }
    }

    /// A module was compiled: covers its sources, and finds out whether that concerns the modules that import it.
    mutating func finished(_ module: DriverPlan.Module, sources: Set<String>, in inputs: InputSnapshot) {
        outputs[module.command] = Self.outputs(module)
        let leaks = sources.reduce(into: LeakingCode()) {
            $0.formUnion(covered.files[$1]?.leaks ?? [])
            $0.formUnion(inputs.files[$1]?.leaks ?? [])
        }
        let wasWhole = owed.removeValue(forKey: module.command) ?? false
        if leaks.contains(.intoModule), !wasWhole { owed[module.command] = true }
        for path in sources { covered.cover(path, of: inputs) }
        let saved = module.sources.filter { FileStamp($0) != inputs.files[$0]?.stamp }
        if !saved.isEmpty {
            unsettled[module.command] = saved
            disown(saved)
        }
        let digest = try? SHA256.digest(ofFile: module.interface)
        guard digest == nil || digest != interfaces[module.command] else { return }
        interfaces[module.command] = digest
        for dependent in plan.dependents(of: module.command) {
            owed[dependent] = owed[dependent] == true || !leaks.isEmpty || wasWhole
        }
        if !leaks.isEmpty, !wasWhole { owed[module.command] = true }
    }

    /// A build begins: it has to make up for what was saved during the one before. Not that one itself, which would go
    /// on as long as there are saves.
    mutating func resume() {
        for command in unsettled.keys { owed[command] = true }
        unsettled = [:]
    }

    /// All that was due with these inputs is done.
    mutating func settle(_ inputs: InputSnapshot) {
        covered = inputs
        for sources in unsettled.values { disown(sources) }
    }

    /// Forgets what these sources were compiled with.
    mutating func disown(_ sources: Set<String>) {
        for path in sources { covered.disown(path) }
    }
}
