// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import ProcessRunner

/// Builds one package in a scratch folder of its own (design D4, D5). Topics: `+Freshness`, `+Artifacts`.
///
/// Flags and environment never change, since each change of those makes SwiftPM plan anew and may recompile everything.
/// One build at a time: the caller waits for one before it asks for the next.
package actor SwiftBuilder {
    /// Folder below the package; not SwiftPM's own `.build`, so that an editor's flags and ours never meet.
    package static let scratchFolder = ".build-devloop"
    /// lld links a large service a quarter faster than the default linker.
    package static let flags = ["-Xswiftc", "-use-ld=lld"]

    /// Absolute folder of the package.
    package let package: String
    let environment: [String: String]
    var toolchain: Toolchain?
    private var describedGraph: PackageGraph?
    var freshness = FreshnessGuard()
    var hasReadWindow = false
    /// Stripped copies by the stamp of what they were made from.
    var stripped: [FileStamp: (path: String, digest: ContentDigest)] = [:]

    /// - Parameter environment: the variables of devloop; only those that a build needs are passed on.
    package init(package: String, environment: [String: String]) {
        self.package = package
        self.environment = BuildEnvironment.filtered(environment)
    }

    var scratch: String { "\(package)/\(Self.scratchFolder)" }
    var products: String { "\(scratch)/debug" }

    /// What the package is made of; asked once, and again after ``forgetGraph()``.
    /// - Throws: `DevloopError` with code build: no toolchain, or a manifest that SwiftPM refuses.
    package func graph() async throws -> PackageGraph {
        if let describedGraph { return describedGraph }
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
        describedGraph = graph
        return graph
    }

    /// The next question describes the package again: a manifest changed, or files came and went.
    package func forgetGraph() { describedGraph = nil }

    private func describe(_ folder: String) async throws -> PackageInfo {
        let swift = try await swift()
        let result = try await ProcessRunner.run(
            ProcessCommand(
                [
                    swift.swift, "package", "--package-path", folder, "--scratch-path",
                    "\(folder)/\(Self.scratchFolder)",
                    "describe", "--type", "json",
                ], directory: folder, environment: .exact(environment)))
        guard result.status.isSuccess else {
            let errors = result.errorText.split(separator: "\n").compactMap { BuildOutputParser.header(String($0)) }
            let first = errors.first { $0.severity == .error }
            throw DevloopError(
                .build, first?.message ?? "swift package describe failed: \(result.status)",
                at: first?.location ?? SourceLocation(file: "\(folder)/Package.swift"),
                hint: "run 'swift package describe' there to see all it says")
        }
        // Progress of a first resolution may stand before the answer.
        let text = result.stdout.drop { $0 != UInt8(ascii: "{") }
        do {
            return try PackageInfo(describe: try JSONValue(parsing: Array(text)))
        } catch let error as JSONSyntaxError {
            throw DevloopError(.build, "swift package describe wrote no JSON: \(error.message)")
        }
    }

    func swift() async throws -> Toolchain {
        if let toolchain { return toolchain }
        let found = try await Toolchain.find(environment: environment)
        toolchain = found
        return found
    }

    /// Builds everything that is stale, and gives the products that were asked for.
    /// - Throws: `CancellationError`, with all compilers gone; `DevloopError` when nothing can be built at all.
    package func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildOutcome {
        let start = ContinuousClock.now
        let graph = try await graph()
        freshness.pending.formUnion(request.changedFiles)
        var attempt = try await run(expecting: try prepare(graph), onEvent)
        if attempt.status.isSuccess, !attempt.missed.isEmpty {
            // The compiler was not interested, though the files changed: make it look once more (reference facts: an
            // edit within the second of the last compile is skipped for ever).
            onEvent(.repeated(files: attempt.missed.sorted()))
            for path in attempt.missed { removeObject(of: path, in: graph) }
            attempt = try await run(expecting: Set(attempt.missed), onEvent)
        }
        let duration = ContinuousClock.now - start
        guard attempt.status.isSuccess else {
            return .failed(
                BuildFailure(
                    diagnostics: attempt.parser.diagnostics.filter { $0.severity == .error }
                        + attempt.parser.diagnostics.filter { $0.severity != .error },
                    outputTail: attempt.parser.tail, duration: duration))
        }
        freshness.succeeded(attempt.compiled)
        return .succeeded(
            BuildSuccess(
                artifacts: try request.products.map(artifact), duration: duration,
                warnings: attempt.parser.diagnostics.filter { $0.severity == .warning }))
    }
}
