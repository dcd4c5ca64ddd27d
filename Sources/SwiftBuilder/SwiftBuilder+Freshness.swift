// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import ProcessRunner

extension SwiftBuilder {
    /// Removes the objects of sources that the compiler could take for unchanged (design D5).
    /// - Returns: the sources that this build has to compile.
    func prepare(_ graph: PackageGraph, _ inputs: InputSnapshot) -> Set<String> {
        if !hasReadWindow {
            hasReadWindow = true
            freshness.window = readWindow()
        }
        var sources: [String: FileStamp] = [:]
        for target in graph.packages.flatMap(\.targets) where !target.isTest {
            for path in target.sources where path.hasSuffix(".swift") { sources[path] = FileStamp(path) }
        }
        let expected = freshness.expected(sources)
        for path in expected {
            if let stamp = sources[path], freshness.needsRemoval(stamp) { removeObject(of: path, in: graph) }
        }
        // SwiftPM 6.3 compiles a changed plugin, but keeps the plan that the old one made.
        let plugins = graph.packages.flatMap(\.targets).filter { $0.kind == "plugin" }
        if plugins.contains(where: { !expected.isDisjoint(with: $0.sources) }) {
            unlink("\(scratch)/\(configuration.rawValue).yaml")
        }
        for target in leakers(of: expected, in: graph, inputs) {
            for path in target.sources where path.hasSuffix(".swift") { removeObject(of: path, in: graph) }
        }
        return expected
    }

    /// Targets that may depend on bodies of these sources: see ``LeakingCode``. What the driver has not come to is among
    /// them.
    private func leakers(
        of changed: Set<String>, in graph: PackageGraph, _ inputs: InputSnapshot
    ) -> [PackageInfo.Target] {
        let targets = graph.packages.flatMap(\.targets)
        let leaking = changed.filter {
            driver?.covered.files[$0]?.leaks.isEmpty == false || inputs.files[$0]?.leaks.isEmpty == false
        }
        let modules = Set(targets.filter { !leaking.isDisjoint(with: $0.sources) }.map(\.module))
        let owed = (driver?.owed ?? [:]).filter(\.value).compactMap { driver?.plan.modules[$0.key]?.name }
        return targets.filter { target in
            !target.isTest
                && (owed.contains(target.module) || modules.contains(target.module)
                    || !graph.modules(usedBy: target).isDisjoint(with: modules))
        }
    }

    /// Where the compiler puts the object of a Swift source, whatever folder of the target that lies in; nil for sources of no target that is compiled for the
    /// package's own platform.
    func object(of path: String, in graph: PackageGraph) -> String? {
        for target in graph.packages.flatMap(\.targets) where target.sources.contains(path) {
            guard ["executable", "library"].contains(target.kind) else { return nil }
            let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
            return "\(products)/\(target.module).build/\(name).o"
        }
        return nil
    }

    /// Sources that the compiler may not have compiled again though a module that they see is newer: it compares the
    /// module's time with that of their own last compilation in whole seconds, too.
    ///
    /// And one source of each target that SwiftPM has not compiled since a module changed that it sees through another
    /// one only. SwiftPM runs the compiler for targets that name the changed module themselves, and for others only
    /// when what they name changed in turn; a property added to a structure that is stored in a structure of the module
    /// between changes no interface there, and leaves a layout compiled in that is not true any more. Once the compiler
    /// runs for the target, it finds by itself what of it is stale.
    func lagging(in graph: PackageGraph) -> Set<String> {
        var found: Set<String> = []
        for target in graph.packages.flatMap(\.targets) where ["executable", "library"].contains(target.kind) {
            let modules = graph.modules(usedBy: target).compactMap {
                FileStamp("\(products)/Modules/\($0).swiftmodule")?.modified
            }
            guard let newest = modules.max() else { continue }
            let sources = target.sources.filter { $0.hasSuffix(".swift") }
            for path in sources {
                guard let object = object(of: path, in: graph), let made = FileStamp(object)?.modified else { continue }
                if FreshnessGuard.isLagging(made, behind: modules) { found.insert(path) }
            }
            // The compiler writes this whenever it has looked at the target.
            if let looked = FileStamp("\(products)/\(target.module).build/primary.priors")?.modified, looked < newest,
                let first = sources.min(), found.isDisjoint(with: sources)
            {
                found.insert(first)
            }
        }
        return found
    }

    /// Makes the compiler look at a source that it may take for unchanged.
    func removeObject(of path: String, in graph: PackageGraph) {
        if let object = object(of: path, in: graph) { unlink(object) }
    }

    /// The window outlives the session, since the next one may begin within the same second.
    private var windowFile: String { "\(scratch)/devloop-window\(configuration == .debug ? "" : "-release")" }

    private func readWindow() -> FreshnessGuard.Window? {
        guard let file = fopen(windowFile, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return FreshnessGuard.Window(text: text)
    }

    /// A build has ended without success.
    /// - Parameter compiled: what it has compiled all the same.
    func abandon(_ compiled: [String: FileStamp]) {
        freshness.failed(at: WallClock.now(), compiled: compiled)
        writeWindow()
    }

    /// Best effort: without it the next session trusts the compiler's own check of times.
    func writeWindow() {
        mkdir(scratch, 0o755)
        guard let text = freshness.window?.text, let file = fopen(windowFile, "w") else { return }
        fputs(text, file)
        fclose(file)
    }
}
