// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import ImageDelivery
import ImagePack
import LoopEngine
import Plan

/// Makes an image as the spec says and brings it to the node.
struct ImageMaker: Sendable {
    var delivery: (any ImageDelivering)?
    var packer: SwiftImagePacker
    var cache: LayerDigestCache
    var link: BuildLink
    /// `default_registry` of the spec.
    var registry: DefaultRegistry?
    /// Of the node: `amd64`.
    var architecture = ""
    /// Leads to the programs that build images.
    var environment = LiveEnvironment.variables
    /// What this session has made.
    let built = BuiltImages()
    /// Bases of Swift images.
    let bases = BaseImages()

    func make(_ work: ImageWork, onEvent: @escaping @Sendable (ImageNotice) -> Void) async throws -> String {
        try await built.turn(of: work.image.ref) {
            switch work.image.builder {
            case .swift(let swift): try await make(swift, work, onEvent)
            case .docker(let docker): try await make(docker, work.image, onEvent)
            case .custom(let custom): try await make(custom, work.image, onEvent)
            case .foreign:
                throw DevloopError(.image, "\(work.image.ref) is made by somebody else")
            }
        }
    }

    private func make(
        _ swift: SwiftImage, _ work: ImageWork, _ onEvent: @escaping @Sendable (ImageNotice) -> Void
    ) async throws -> String {
        guard let artifact = work.artifact else {
            throw DevloopError(.image, "\(work.image.ref) has no built program")
        }
        let delivery = try way()
        let start = ContinuousClock.now
        let image = try await packer.pack(try await contents(swift, work, artifact, onEvent))
        let packed = ContinuousClock.now
        onEvent(
            .packed(
                reference: image.reference, digest: image.manifestDigest.oci, size: image.size,
                duration: packed - start))
        let result = try await delivery.deliver(image)
        onEvent(
            .delivered(
                reference: result.reference, way: result.way, sent: result.sent, duration: ContinuousClock.now - packed)
        )
        await built.set(
            work.image.ref,
            BuiltImage(localName: image.reference, store: "", packed: image, reference: result.reference))
        return result.reference
    }

    /// The way to the node.
    func way() throws(DevloopError) -> any ImageDelivering {
        if let delivery { return delivery }
        throw DevloopError(
            .image, "there is no known way to bring images to the node",
            hint: "set image_loader([...]) or default_registry('...') in the Devloopfile")
    }
}
