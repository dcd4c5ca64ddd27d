// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

/// The images of a spec, found by the references that manifests, Dockerfiles and specs use.
struct ImageIndex {
    private let entries: [(image: Image, name: ImageName)]

    init(_ images: [Image]) {
        entries = images.compactMap { image in ImageName(image.ref).map { (image, $0) } }
    }

    /// The image that a reference means: one with the same tag first, else one without any.
    func image(for reference: String) -> Image? {
        guard let name = ImageName(reference) else { return nil }
        let same = entries.filter { $0.name.repository == name.repository }
        if let tag = name.tag, let exact = same.first(where: { $0.name.tag == tag }) { return exact.image }
        return same.first { $0.name.tag == nil }?.image
    }

    /// The image that has exactly this ref.
    func image(ref: String) -> Image? { entries.first { $0.image.ref == ref }?.image }

    /// Whether an environment variable with this value names an image.
    func matchesEnvironment(_ value: String) -> Bool { image(for: value)?.matchesEnvironment == true }

    /// The refs of images and of those that they are made from, each after what it needs, none twice.
    /// - Throws: code `.spec` when images are made from each other.
    func withDependencies(_ refs: [String]) throws(DevloopError) -> [String] {
        var result: [String] = []
        for ref in refs { try add(ref, path: [], to: &result) }
        return result
    }

    private func add(_ ref: String, path: [String], to result: inout [String]) throws(DevloopError) {
        guard !result.contains(ref), let image = image(ref: ref) else { return }
        guard !path.contains(ref) else {
            let circle = (path + [ref]).joined(separator: " -> ")
            throw DevloopError(.spec, "images are made from each other: \(circle)", at: image.location)
        }
        for dependency in image.dependencies {
            if let needed = self.image(for: dependency) { try add(needed.ref, path: path + [ref], to: &result) }
        }
        result.append(ref)
    }

    /// The images as the plan has them: dependencies by the refs of the spec, commands with the spec's variables.
    /// - Throws: code `.spec` when a `custom_build` names an image that nothing builds.
    func planned(with state: SpecState) throws(DevloopError) -> [Image] {
        var result: [Image] = []
        for entry in entries {
            var image = entry.image
            var dependencies: [String] = []
            for name in image.dependencies {
                if let needed = self.image(for: name) {
                    if !dependencies.contains(needed.ref) { dependencies.append(needed.ref) }
                } else if image.custom != nil {
                    throw DevloopError(
                        .spec, "custom_build: image_deps names \"\(name)\", which nothing builds", at: image.location)
                }
            }
            image.dependencies = dependencies
            if var build = image.custom {
                build.command.addEnvironment(of: state)
                image.builder = .custom(build)
            }
            result.append(image)
        }
        return result
    }
}
