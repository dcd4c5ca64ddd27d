// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import ProcessRunner
import Synchronization

/// The driver: compiles the modules that are stale with the commands of SwiftPM's own plan, without SwiftPM, whose start
/// and planning take longer than the compiler.
///
/// It is used only when nothing but the contents of known Swift sources has changed since a build of SwiftPM succeeded.
/// It does not rely on the times that SwiftPM and the compiler compare: which sources have changed is told by their
/// contents, the object of each is removed before, and that it was made anew is checked after.
extension SwiftBuilder {
    enum DriverEnd {
        case built(BuildOutputParser)
        /// Nothing has changed since the last build.
        case unchanged
        case failed(BuildOutputParser)
        /// SwiftPM has to build.
        case left(String)
    }

    /// Builds what is stale, if the driver may.
    func drive(
        _ graph: PackageGraph, _ inputs: InputSnapshot, _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> DriverEnd {
        driver?.resume()
        guard let state = driver else { return .left("the first build of a session is SwiftPM's") }
        guard state.foundation == foundation() else {
            return .left("the plan of the build or the toolchain has changed")
        }
        guard state.isUndisturbed else { return .left("another build has been in the scratch folder") }
        var changed: [String: Set<String>]
        switch DriverDecision.make(from: state.covered, to: inputs, state.plan) {
        case .leave(let reason): return .left(reason)
        case .drive(let sources): changed = sources
        }
        guard !changed.isEmpty || !state.owed.isEmpty else {
            driver?.settle(inputs)
            return .unchanged
        }
        guard let lock = ScratchLock(scratch, environment) else { return .left("another SwiftPM works there") }
        defer { withExtendedLifetime(lock) {} }
        let start = WallClock.now()
        freshness.open(at: start)
        writeWindow()
        var compiled: [String: FileStamp] = [:]
        do {
            var parser = BuildOutputParser()
            while let batch = nextBatch(changed) {
                onEvent(
                    .started("swiftc -incremental of \(batch.map(\.name).joined(separator: ", "))", because: nil))
                let owed = driver?.owed ?? [:]
                let results = try await compile(
                    batch, sources: changed, owed: owed, onEvent)
                for result in results {
                    parser.merge(result.parser)
                    let sources = changed[result.module.command] ?? []
                    guard result.isSuccess else { continue }
                    let expected = owed[result.module.command] == true ? result.module.sources : sources
                    if let missed = missed(expected, of: result.module, since: start).min() {
                        driver = nil
                        abandon(compiled)
                        return .left("\(missed) was not compiled")
                    }
                    for path in sources { compiled[path] = inputs.files[path]?.stamp }
                    driver?.finished(result.module, sources: sources, in: inputs)
                    changed[result.module.command] = nil
                }
                if results.contains(where: { !$0.isSuccess }) {
                    abandon(compiled)
                    return .failed(parser)
                }
            }
            driver?.settle(inputs)
            freshness.succeeded(from: start, at: WallClock.now(), compiled: compiled, missed: [])
            writeWindow()
            return .built(parser)
        } catch {
            abandon(compiled)
            throw error
        }
    }

    /// Modules that wait for no other one; in the order of their names.
    private func nextBatch(_ changed: [String: Set<String>]) -> [DriverPlan.Module]? {
        guard let driver else { return nil }
        let open = Set(changed.keys).union(driver.owed.keys).compactMap { driver.plan.modules[$0] }
        guard let level = open.map(\.level).min() else { return nil }
        return open.filter { $0.level == level }.sorted { $0.command < $1.command }
    }

    private struct Compilation: Sendable {
        var module: DriverPlan.Module
        var isSuccess: Bool
        var parser: BuildOutputParser
    }

    private func compile(
        _ batch: [DriverPlan.Module], sources: [String: Set<String>], owed whole: [String: Bool],
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> [Compilation] {
        for module in batch {
            let stale = whole[module.command] == true ? module.sources : sources[module.command] ?? []
            for source in stale { unlink(Self.object(of: source, in: module)) }
            // Until they are compiled there is no object of them: not of what they were before, either.
            driver?.disown(sources[module.command] ?? [])
            driver?.begin(module)
        }
        let imported = batch.filter { whole[$0.command] != nil }.map(\.command)
        let times = LaterTimes(
            imported.reduce(into: []) { $0.formUnion(driver?.plan.interfaces(importedBy: $1) ?? []) })
        defer { times.takeBack() }
        let (package, environment) = (package, environment)
        return try await withThrowingTaskGroup(of: Compilation.self) { group in
            var waiting = batch[...]
            var results: [Compilation] = []
            for _ in 0..<Self.jobs {
                guard let module = waiting.popFirst() else { break }
                group.addTask { try await Self.run(module, package, environment, onEvent) }
            }
            while let result = try await group.next() {
                results.append(result)
                guard let module = waiting.popFirst() else { continue }
                group.addTask { try await Self.run(module, package, environment, onEvent) }
            }
            return results
        }
    }

    /// As many compilers at once as there are processors.
    private static var jobs: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static func run(
        _ module: DriverPlan.Module, _ package: String, _ environment: [String: String],
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> Compilation {
        let output = Mutex(DriverOutput(module: module.name))
        var command = ProcessCommand(module.arguments, directory: package, environment: .exact(environment))
        command.softSignal = SIGINT
        let status = try await ProcessRunner.stream(command) { stream, bytes in
            let events = output.withLock { $0.add(bytes, from: stream) }
            for event in events { onEvent(event) }
        }
        var parser = output.withLock(\.parser)
        if case .signalled = status {
            parser.note("swiftc was ended by \(status); too little memory is the usual cause")
        }
        return Compilation(module: module, isSuccess: status.isSuccess, parser: parser)
    }

    private func missed(_ sources: Set<String>, of module: DriverPlan.Module, since start: Int) -> Set<String> {
        sources.filter { source in
            guard let made = FileStamp(Self.object(of: source, in: module)) else { return true }
            return !FreshnessGuard.isMade(made, since: start)
        }
    }

    private static func object(of source: String, in module: DriverPlan.Module) -> String {
        let name = "/\(DriverPlan.fileName(source)).o"
        return module.objects.first { $0.hasSuffix(name) } ?? "\(module.interface).none"
    }

    /// After a build of SwiftPM that succeeded: the driver may take over.
    /// - Parameter inputs: as they were before that build began.
    func startDriver(_ graph: PackageGraph, _ inputs: InputSnapshot) {
        var covered = inputs
        // A package without pins gets them from its first build.
        let now = InputSnapshot(graph, after: inputs)
        if isWrittenByBuild(pinsPath) { covered.cover(pinsPath, of: now) }
        let foundation = foundation()
        let plan: DriverPlan
        if let driver, driver.foundation == foundation {
            plan = driver.plan
        } else if let text = HostFiles.content(of: "\(scratch)/debug.yaml"),
            let manifest = BuildManifest(parsing: String(decoding: text, as: UTF8.self))
        {
            let sources = Set(graph.packages.flatMap(\.targets).filter { !$0.isTest }.flatMap(\.sources))
            plan = DriverPlan(manifest, sources: sources)
        } else {
            driver = nil
            return
        }
        var state = DriverState(plan: plan, foundation: foundation, covered: covered)
        // Saved while the build ran: nobody knows which content was compiled.
        for path in covered.files.keys where now.files[path]?.stamp != covered.files[path]?.stamp {
            state.disown([path])
            if let module = plan.moduleOfSource[path] { state.owed[module] = true }
        }
        driver = state
    }

    private func foundation() -> [String: FileStamp] {
        var stamps: [String: FileStamp] = [:]
        let tools = toolchain.map { ["\($0.tools)/swift-frontend", "\($0.tools)/swiftc", $0.swift] } ?? []
        for path in ["\(scratch)/debug.yaml", "\(scratch)/workspace-state.json"] + tools {
            stamps[path] = FileStamp(path)
        }
        return stamps
    }
}

/// What one compiler writes, turned into events. The messages come on standard error; a stream that is not read so would
/// be told as text.
private struct DriverOutput {
    let module: String
    var parser = BuildOutputParser()
    private var messages: [ProcessStream: ParseableOutput] = [:]

    init(module: String) { self.module = module }

    mutating func add(_ bytes: [UInt8], from stream: ProcessStream) -> [BuildEvent] {
        messages[stream, default: ParseableOutput()].add(bytes).flatMap { item -> [BuildEvent] in
            switch item {
            case .began(let files):
                let names = files.map(DriverPlan.fileName).joined(separator: ", ")
                return [.progressed(done: 0, total: 0, step: "Compiling \(module) \(names)")]
            case .text(let text):
                return text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { read(String($0)) }
            }
        }
    }

    private mutating func read(_ line: String) -> BuildEvent? {
        guard case .diagnostic(let found) = parser.add(line) else { return nil }
        return .diagnosed(found)
    }
}
