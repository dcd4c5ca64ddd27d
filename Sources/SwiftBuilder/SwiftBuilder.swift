// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import HostFolders
import ProcessRunner

/// Builds one package in a scratch folder of its own (design D4, D5). Topics: `+Freshness`, `+Artifacts`.
///
/// Flags and environment never change, since each change of those makes SwiftPM plan anew and may recompile everything.
/// One build at a time: the caller waits for one before it asks for the next.
package actor SwiftBuilder {
    /// Folder below the package; not SwiftPM's own `.build`, so that an editor's flags and ours never meet.
    package static let scratchFolder = ".build-devloop"
    /// Of builds in the loop.
    package static let flags = BuildConfiguration.debug.flags

    /// Absolute folder of the package.
    package let package: String
    let configuration: BuildConfiguration
    let environment: [String: String]
    var toolchain: Toolchain?
    private var describedGraph: PackageGraph?
    /// Grows when the graph is forgotten, so that an answer that was under way then is not kept.
    private var graphGeneration = 0
    var freshness = FreshnessGuard()
    var hasReadWindow = false
    var pins = PinsWriting.none
    /// The last stripped copy of each product, and what it was made from.
    var driver: DriverState?
    /// By product, as told last.
    var linkWays: [String: LinkWay] = [:]
    /// What the last link has left, by path; nil when something was compiled after it.
    private var linked: (products: [String], files: [String: FileStamp])?
    var stripped: [String: (source: FileStamp, path: String, digest: ContentDigest)] = [:]

    /// - Parameter environment: the variables of devloop; only those that a build needs are passed on.
    package init(package: String, environment: [String: String], configuration: BuildConfiguration = .debug) {
        self.package = package
        self.configuration = configuration
        self.environment = BuildEnvironment.filtered(environment)
    }

    var scratch: String { "\(package)/\(Self.scratchFolder)" }
    var products: String { crossProducts ?? "\(scratch)/\(configuration.rawValue)" }
    /// What is said to SwiftPM beside the scratch folder; the same in each build.
    var flags: [String] { configuration.flags + crossFlags }
    private var crossFlags: [String] = []
    private var crossProducts: String?
    /// The driver and the split link are for the loop, on programs of this machine.
    private var isDriven: Bool { configuration == .debug && crossFlags.isEmpty }

    /// What the package is made of; asked once, and again after ``forgetGraph()``.
    /// - Throws: `DevloopError` with code build: no toolchain, or a manifest that SwiftPM refuses.
    package func graph() async throws -> PackageGraph {
        if let describedGraph { return describedGraph }
        let generation = graphGeneration
        let root = try await describe(package)
        var dependencies: [PackageInfo] = []
        var open = root.localDependencies
        while let folder = open.popLast() {
            guard folder != package, !dependencies.contains(where: { $0.path == folder }) else { continue }
            let info = try await describe(folder)
            dependencies.append(info)
            open += info.localDependencies
        }
        let graph = PackageGraph(root: root, dependencies: dependencies)
        if generation == graphGeneration { describedGraph = graph }
        return graph
    }

    /// The next question describes the package again: a manifest changed, or files came and went.
    package func forgetGraph() {
        describedGraph = nil
        graphGeneration += 1
    }

    /// The executable products that a change of these files makes stale. Describes the package again when the files
    /// say that it is another one: a manifest, new or deleted sources.
    /// - Throws: as ``graph()``.
    package func products(affectedBy files: [String]) async throws -> Set<String> {
        let files = files.filter { !isWrittenByBuild($0) }
        guard !files.isEmpty else { return [] }
        let old = try await graph()
        let before = files.filter { !old.isNew($0) }.flatMap(old.executables)
        guard old.isOutdated(by: files, exists: { access($0, F_OK) == 0 }) else { return Set(before) }
        forgetGraph()
        let new = try await graph()
        // What is still not listed is excluded, hidden, or was there for a moment only.
        return Set(before + files.filter { !new.isNew($0) }.flatMap(new.executables))
    }

    private func describe(_ folder: String) async throws -> PackageInfo {
        let description = try await ask(["describe", "--type", "json"], of: folder)
        // Which targets use plugins is told by the manifest alone, and asked for only when it speaks of any.
        let hasPlugins = (Folder.names(in: folder) ?? []).filter { PackageGraph.isManifest(name: $0) }.contains {
            name in
            HostFiles.content(of: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self).contains("lugin") }
                ?? false
        }
        return try PackageInfo(
            describe: description, manifest: hasPlugins ? await ask(["dump-package"], of: folder) : nil)
    }

    /// What `swift package` says of a package, as JSON.
    private func ask(_ question: [String], of folder: String) async throws -> JSONValue {
        let swift = try await swift()
        let place = ["--package-path", folder, "--scratch-path", scratch(describing: folder)]
        let result = try await ProcessRunner.run(
            ProcessCommand(
                [swift.swift, "package"] + place + question, directory: folder, environment: .exact(environment)))
        guard result.status.isSuccess else {
            var parser = BuildOutputParser()
            for line in result.errorText.split(separator: "\n") { _ = parser.add(String(line)) }
            let errors = parser.diagnostics.filter { $0.severity == .error }
            let first = errors.first { $0.location != nil } ?? errors.first
            throw DevloopError(
                .build, first?.message ?? "swift package \(question[0]) failed: \(result.status)",
                at: first?.location ?? SourceLocation(file: "\(folder)/Package.swift"),
                hint: "run 'swift package \(question[0])' there to see all it says")
        }
        // Progress of a first resolution may stand before the answer.
        let text = result.stdout.drop { $0 != UInt8(ascii: "{") }
        do {
            return try JSONValue(parsing: Array(text))
        } catch {
            throw DevloopError(.build, "swift package \(question[0]) wrote no JSON: \(error.message)")
        }
    }

    /// Dependencies are described in folders of ours: nothing is left in theirs.
    private func scratch(describing folder: String) -> String {
        guard folder != package else { return scratch }
        return "\(scratch)/devloop-described/\(folder.split(separator: "/").joined(separator: "+"))"
    }

    func swift() async throws -> Toolchain {
        // An update takes the toolchain away and brings another one.
        if let toolchain, access(toolchain.swift, X_OK) == 0 { return toolchain }
        let found = try await Toolchain.find(environment: environment)
        toolchain = found
        return found
    }

    /// A save during a build that makes it fail is no fault of the code; somebody who saves all the time has an answer
    /// after so many builds.
    private static let attempts = 3

    /// Builds everything that is stale, and gives the products that were asked for.
    /// - Throws: `CancellationError`, with all compilers gone; `DevloopError` when nothing can be built at all.
    package func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildOutcome {
        let start = ContinuousClock.now
        let told: @Sendable (BuildEvent) -> Void = { event in
            if case .diagnosed(let found) = event, found.fileSavedMeanwhile != nil { return }
            onEvent(event)
        }
        var outcome = try await buildOnce(request, since: start, told)
        for _ in 1..<Self.attempts {
            guard case .failed(let failure) = outcome, let files = failure.filesSavedMeanwhile else { break }
            onEvent(.repeated(files: files))
            outcome = try await buildOnce(request, since: start, told)
        }
        return outcome
    }

    private func buildOnce(
        _ request: BuildRequest, since start: ContinuousClock.Instant,
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildOutcome {
        if try await graph().isOutdated(by: request.changedFiles, exists: { access($0, F_OK) == 0 }) { forgetGraph() }
        let graph = try await graph()
        freshness.pending.formUnion(request.changedFiles)
        try await prepareTarget(request.architecture)
        let inputs = InputSnapshot(graph, after: driver?.covered)
        var isFresh = false
        var parser: BuildOutputParser
        let products = request.products.isEmpty ? graph.root.executables : request.products
        // Whatever ends this build: what it has compiled has to be linked by a later one.
        let before = linked
        linked = nil
        switch isDriven ? try await drive(graph, inputs, onEvent) : .left("it is for debug builds") {
        case .built(let found):
            parser = found
        case .unchanged:
            parser = BuildOutputParser()
            linked = before
        case .failed(let found): return .failed(failure(found, since: start))
        case .left(let reason):
            let attempt = try await runSwiftPM(graph, inputs, because: isDriven ? reason : nil, onEvent)
            guard attempt.status.isSuccess else {
                return .failed(failure(attempt.parser, attempt.diagnostics, since: start))
            }
            parser = attempt.parser
            if isDriven { startDriver(graph, inputs) }
            isFresh = true
        }
        let built = ContinuousClock.now
        if isDriven, !isLinked(products) {
            if let found = try await link(products, isFresh: isFresh, graph, onEvent) {
                parser.merge(found)
                return .failed(failure(parser, since: start))
            }
            linked = (products, outputs(of: products))
        }
        return .succeeded(
            BuildSuccess(
                artifacts: try products.map(artifact), duration: built - start, link: ContinuousClock.now - built,
                warnings: parser.diagnostics.filter { $0.severity == .warning && $0.location != nil }))
    }

    /// Whether the last link was for these, nothing was compiled since, and all that it made is still there.
    private func isLinked(_ products: [String]) -> Bool {
        guard let linked, linked.products == products else { return false }
        return linked.files == outputs(of: products)
    }

    private func outputs(of products: [String]) -> [String: FileStamp] {
        let paths = products.flatMap { [executablePath($0)] + libraries(of: $0).map(\.path) }
        return paths.reduce(into: [:]) { $0[$1] = FileStamp($1) }
    }

    /// Finds out once how to build for the node.
    private func prepareTarget(_ architecture: String?) async throws {
        guard let architecture, crossFlags.isEmpty,
            let sdk = try await CrossTarget.sdk(architecture, try await swift(), environment)
        else { return }
        crossFlags = ["--swift-sdk", sdk]
        let result = try await ProcessRunner.run(
            ProcessCommand(
                [try await swift().swift, "build", "--scratch-path", Self.scratchFolder] + flags + ["--show-bin-path"],
                directory: package, environment: .exact(environment)))
        crossProducts = result.outputText.split(separator: "\n").last.map(String.init)
    }

    /// One `swift build`, and others as long as one has not compiled what it had to.
    private func runSwiftPM(
        _ graph: PackageGraph, _ inputs: InputSnapshot, because reason: String?,
        _ onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> Attempt {
        var attempt = try await run(graph, expecting: prepare(graph, inputs), because: reason, onEvent)
        // What is compiled again may change a module that others see; the longest chain has all targets in it.
        for _ in graph.packages.flatMap(\.targets) where attempt.status.isSuccess {
            let stale = attempt.missed.union(lagging(in: graph))
            if stale.isEmpty { break }
            // The compiler was not interested, though the files changed, or what they see: make it look once more.
            onEvent(.repeated(files: stale.sorted()))
            for path in stale { removeObject(of: path, in: graph) }
            attempt = try await run(graph, expecting: stale, onEvent)
        }
        return attempt
    }

    private func failure(
        _ parser: BuildOutputParser, _ diagnostics: [Diagnostic]? = nil, since start: ContinuousClock.Instant
    ) -> BuildFailure {
        let found = diagnostics ?? parser.diagnostics
        return BuildFailure(
            diagnostics: found.filter { $0.severity == .error } + found.filter { $0.severity != .error },
            outputTail: parser.tail, duration: ContinuousClock.now - start)
    }
}
