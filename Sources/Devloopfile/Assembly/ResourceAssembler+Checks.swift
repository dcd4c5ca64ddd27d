// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Plan

extension ResourceAssembler {
    func checkSteps() throws(DevloopError) {
        guard let step = state.steps.first(where: { !$0.isUsed }) else { return }
        throw DevloopError(
            .spec, "\(step.typeName) is in no live_update", at: step.location,
            hint: "pass the step to live_update of an image, or remove it")
    }

    /// A sync or fall-back outside of what an image is watched by would never be seen.
    func checkLiveUpdates(_ resources: [Resource]) throws(DevloopError) {
        for resource in resources {
            guard let kubernetes = resource.kubernetes else { continue }
            // What an image is made from is watched for it too.
            let inputs = kubernetes.images.flatMap { ref in
                guard let image = images.image(ref: ref) else { return [String]() }
                // `only` narrows what makes an image, not what may be synced.
                return image.inputs + [image.docker?.context].compactMap { $0 }
            }
            for ref in kubernetes.images {
                guard let image = images.image(ref: ref), image.swift == nil else { continue }
                try check(image.liveUpdate, inside: inputs, at: image.location)
            }
            if let custom = kubernetes.customDeploy {
                try check(custom.liveUpdate, inside: custom.deps + inputs, at: resource.location)
            }
        }
    }

    private func check(
        _ steps: [LiveUpdateStep], inside inputs: [String], at location: SourceLocation?
    ) throws(DevloopError) {
        for step in steps {
            guard
                let outside = step.sources.first(where: { path in !inputs.contains { Paths.isInside(path, $0) } })
            else { continue }
            let place = state.steps.first { $0.step == step }?.location ?? location
            throw DevloopError(
                .spec,
                "live_update: \"\(display(outside))\" is outside of what the image is made of, so that no change of it is"
                    + " seen",
                at: place, hint: "watched: \(inputs.map(display).joined(separator: ", "))")
        }
    }

    mutating func warnUnusedImages(_ resources: [Resource]) {
        let used = Set(resources.flatMap { $0.kubernetes?.images ?? [] })
        let names = state.objects.flatMap { $0.object.imageReferences { _ in false } }
        for image in state.images where !used.contains(image.ref) {
            let isSilent = state.silentUnusedImages.contains { $0 == "*" || images.image(for: $0)?.ref == image.ref }
            if isSilent { continue }
            let nearest = Suggestion.nearest(to: image.ref, among: names)
            warnings.append(
                PlanWarning(
                    "image \"\(image.ref)\" is used by no object of the manifests"
                        + (nearest.map { " (did you mean \"\($0)\"?)" } ?? ""),
                    at: image.location))
        }
    }

    func checkEnabled(_ resources: [Resource]) throws(DevloopError) {
        let names = resources.map(\.name)
        guard let unknown = state.settings.enabledResources?.first(where: { !names.contains($0) }) else { return }
        let nearest = Suggestion.nearest(to: unknown, among: names)
        throw DevloopError(
            .spec, "config.set_enabled_resources: there is no resource \"\(unknown)\"",
            hint: nearest.map { "did you mean \"\($0)\"?" } ?? "resources: \(names.joined(separator: ", "))")
    }
}
