// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImageDelivery
import ImagePack
import LoopEngine
import Plan
import SwiftBuilder

/// Builds and packs images of a plan as `run` does, and delivers none of them.
struct ImageBuild: Sendable {
    var plan: Plan
    var journal: Journal
    /// Of the nodes, where they are known; else of this machine.
    var architecture: String
    var naming: KeptHere

    /// Resources by these names and what they depend on; all without names.
    /// - Throws: `DevloopError` (`usage`) for a name that there is not.
    static func resources(_ names: [String], of plan: Plan) throws -> [Resource] {
        if let unknown = names.first(where: { plan.resource($0) == nil }) {
            throw DevloopError(
                .usage, "there is no resource \"\(unknown)\"",
                hint: "resources: \(plan.resources.map(\.name).joined(separator: ", "))")
        }
        guard !names.isEmpty else { return plan.resources }
        var found: Set<String> = []
        var open = names
        while let name = open.popLast() {
            guard found.insert(name).inserted, let resource = plan.resource(name) else { continue }
            open += resource.dependencies + resource.after + resource.rebuiltBy
        }
        return plan.resources.filter { found.contains($0.name) }
    }

    /// - Returns: what manifests would call each image, by its ref.
    func run(_ resources: [Resource]) async throws -> [String: String] {
        let images = try ordered(Set(resources.flatMap { $0.kubernetes?.images ?? [] }))
        let link = BuildLink()
        link.architecture = architecture
        let build = BuildAdapter(configuration: .release, link: link)
        var products: [String: String] = [:]
        for image in images {
            guard let swift = image.swift else { continue }
            products[image.ref] =
                swift.product.isEmpty ? try await build.onlyProduct(of: swift.package) : swift.product
        }
        var artifacts: [String: [String: Artifact]] = [:]
        for package in Set(images.compactMap { $0.swift?.package }).sorted() {
            let wanted = images.filter { $0.swift?.package == package }.compactMap { products[$0.ref] }
            artifacts[package] = try await compile(Set(wanted), of: package, by: build)
        }
        let cache = LayerDigestCache(path: HostPaths.cache().map { "\($0)/layers.json" })
        let maker = ImageMaker(
            delivery: naming,
            packer: SwiftImagePacker(
                cache: cache, baseLibraries: BaseLibraryCache(folder: HostPaths.cache("libraries")),
                architecture: architecture), cache: cache, link: link, registry: plan.settings.defaultRegistry,
            architecture: architecture)
        var references: [String: String] = [:]
        for image in images {
            let product = products[image.ref] ?? ""
            let work = ImageWork(
                image: image, artifact: image.swift.flatMap { artifacts[$0.package]?[product] }, product: product,
                isLive: false)
            references[image.ref] = try await make(work, by: maker, for: user(of: image.ref, resources))
        }
        return references
    }

    /// An image after those that it is made from.
    private func ordered(_ refs: Set<String>) throws -> [Image] {
        var done: [Image] = []
        func add(_ ref: String, _ path: [String]) throws {
            guard !done.contains(where: { $0.ref == ref }), let image = plan.image(ref) else { return }
            guard !path.contains(ref) else {
                throw DevloopError(
                    .spec, "images are made from each other in a circle: \((path + [ref]).joined(separator: ", "))",
                    at: image.location)
            }
            for dependency in image.dependencies { try add(dependency, path + [ref]) }
            done.append(image)
        }
        for image in plan.images where refs.contains(image.ref) && image.foreign == nil { try add(image.ref, []) }
        return done
    }

    private func user(of ref: String, _ resources: [Resource]) -> String {
        resources.first { $0.kubernetes?.images.contains(ref) == true }?.name ?? ref
    }

    private func compile(
        _ products: Set<String>, of package: String, by build: BuildAdapter
    ) async throws -> [String: Artifact] {
        let names = products.sorted()
        let journal = journal
        let start = ContinuousClock.now
        let work = BuildWork(package: package, products: products, changedFiles: [])
        let end = try await build.build(work) { notice in
            Session.record(notice, in: journal, save: nil, resource: nil, package: package, products: names)
        }
        var fields: JSONObject = [
            "products": .array(names.map { .string($0) }),
            "duration": .int((ContinuousClock.now - start).milliseconds),
        ]
        switch end {
        case .succeeded(let artifacts, _):
            fields["result"] = "succeeded"
            fields["errors"] = 0
            journal.record(.buildFinished, fields)
            return artifacts
        case .failed(let diagnostics, let output):
            let errors = diagnostics.filter { $0.severity == "error" }
            fields["result"] = "failed"
            fields["errors"] = .int(errors.count)
            if errors.isEmpty { fields["output"] = .string(output) }
            journal.record(.buildFinished, fields)
            let last = output.split(separator: "\n").last.map(String.init) ?? "the build failed"
            throw DevloopError(
                .build, errors.first?.message ?? last, at: errors.first?.location, hint: "save a mended file")
        }
    }

    private func make(_ work: ImageWork, by maker: ImageMaker, for resource: String) async throws -> String {
        let journal = journal
        do {
            return try await maker.make(work) { notice in
                if case .delivered = notice { return }
                Session.record(notice, in: journal, save: nil, resource: resource)
            }
        } catch let error as DevloopError {
            var fields: JSONObject = ["message": .string(error.message)]
            if let hint = error.hint { fields["hint"] = .string(hint) }
            journal.record(.imageFailed, resource: resource, fields)
            throw error
        }
    }
}
