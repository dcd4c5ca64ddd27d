// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import ImagePack
import LoopEngine
import SwiftBuilder

/// Builds Swift packages for the engine, each with a builder of its own.
actor BuildAdapter: BuildPort {
    private var builders: [String: SwiftBuilder] = [:]
    private let configuration: BuildConfiguration
    private let link: BuildLink

    init(configuration: BuildConfiguration = .debug, link: BuildLink = BuildLink()) {
        self.configuration = configuration
        self.link = link
    }

    private func builder(_ package: String) -> SwiftBuilder {
        if let builder = builders[package] { return builder }
        let builder = SwiftBuilder(
            package: package, environment: LiveEnvironment.variables, configuration: configuration)
        builders[package] = builder
        return builder
    }

    func products(of package: String, affectedBy files: [String]) async throws -> Set<String> {
        try await builder(package).products(affectedBy: files)
    }

    func roots(of package: String) async throws -> [String] { try await builder(package).graph().watchedPaths }

    func onlyProduct(of package: String) async throws -> String {
        let executables = try await builder(package).graph().root.executables
        guard executables.count == 1, let product = executables.first else {
            throw DevloopError(
                .spec, "the package in \(package) has \(executables.count) executable products",
                hint: "name one of them in swift_image(..., product='...'): \(executables.joined(separator: ", "))")
        }
        return product
    }

    func build(
        _ work: BuildWork, onEvent: @escaping @Sendable (BuildNotice) -> Void
    ) async throws -> BuildEnd {
        let builder = builder(work.package)
        let products = work.products.sorted()
        let outcome = try await builder.build(
            BuildRequest(
                products: products, changedFiles: work.changedFiles.sorted(), architecture: link.architecture)
        ) { event in
            if let notice = Self.notice(event) { onEvent(notice) }
        }
        switch outcome {
        case .failed(let failure):
            return .failed(
                failure.diagnostics.map(Self.diagnostic), output: failure.outputTail.joined(separator: "\n"))
        case .succeeded(let success):
            let start = ContinuousClock.now
            link.backtracer = await builder.backtracer()
            var artifacts: [String: Artifact] = [:]
            for made in success.artifacts {
                let copy = try await builder.strip(made)
                link.symbolizer.add(made)
                artifacts[made.product] = Artifact(
                    path: copy.path, digest: copy.digest.hex,
                    libraries: zip(copy.libraries, made.libraries).map { copy, made in
                        .init(name: copy.name, path: copy.path, digest: copy.digest.hex, original: made.path)
                    },
                    resources: try copy.bundles.flatMap(Self.resources), original: made.path)
            }
            let stages = [
                ("build", success.duration.milliseconds), ("link", success.link.milliseconds),
                ("strip", (ContinuousClock.now - start).milliseconds),
            ]
            return .succeeded(artifacts, stages: stages.filter { $0.0 != "link" || $0.1 > 0 })
        }
    }

    private static func resources(in bundle: String) throws -> [Artifact.Resource] {
        let folder = HostPaths.directory(bundle)
        return try LayerFile.tree(bundle, at: bundle).compactMap { file in
            guard case .file(let path, _, _, _) = file.content else { return nil }
            let digest = try SHA256.digest(ofFile: path).hex
            return Artifact.Resource(name: String(path.dropFirst(folder.utf8.count + 1)), path: path, digest: digest)
        }.sorted { $0.name < $1.name }
    }

    private static func notice(_ event: BuildEvent) -> BuildNotice? {
        switch event {
        case .started(let command, let reason): .started(command: command, reason: reason)
        case .progressed(let done, let total, let step): .progressed(done: done, of: total, step: step)
        case .diagnosed(let found): .diagnosed(diagnostic(found))
        case .held(let reason): .held(reason)
        case .repeated(let files): .progressed(done: 0, of: 0, step: "again for \(files.joined(separator: ", "))")
        }
    }

    private static func diagnostic(_ found: Diagnostic) -> BuildDiagnostic {
        BuildDiagnostic(
            severity: found.severity.rawValue, location: found.location ?? SourceLocation(file: "swift build"),
            message: found.message)
    }
}
