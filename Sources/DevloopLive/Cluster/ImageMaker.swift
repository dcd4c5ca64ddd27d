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
    /// Bases of Swift images.
    let bases = BaseImages()

    func make(_ work: ImageWork, onEvent: @escaping @Sendable (ImageNotice) -> Void) async throws -> String {
        switch work.image.builder {
        case .swift(let swift): try await make(swift, work, onEvent)
        case .custom(let custom): try await make(custom, work.image, onEvent)
        case .docker:
            throw DevloopError(
                .image, "\(work.image.ref): this version evaluates docker_build and does not run it",
                at: work.image.location,
                hint: "custom_build(ref, 'docker build -t $EXPECTED_REF . && ...', deps) runs it by command")
        }
    }

    private func make(
        _ swift: SwiftImage, _ work: ImageWork, _ onEvent: @escaping @Sendable (ImageNotice) -> Void
    ) async throws -> String {
        guard let artifact = work.artifact else {
            throw DevloopError(.image, "\(work.image.ref) has no built program")
        }
        guard let delivery else {
            throw DevloopError(
                .image, "there is no known way to bring images to the node",
                hint: "set image_loader([...]) or default_registry('...') in the Devloopfile")
        }
        let start = ContinuousClock.now
        let image = try await packer.pack(try await contents(swift, work, artifact, onEvent))
        let packed = ContinuousClock.now
        onEvent(.packed(reference: image.reference, size: image.size, duration: packed - start))
        let result = try await delivery.deliver(image)
        onEvent(
            .delivered(
                reference: result.reference, way: result.way, sent: result.sent, duration: ContinuousClock.now - packed)
        )
        return result.reference
    }

    private func make(
        _ custom: CustomBuild, _ image: Image, _ onEvent: @escaping @Sendable (ImageNotice) -> Void
    ) async throws -> String {
        let tag = custom.tag.isEmpty ? try contentTag(custom) : custom.tag
        let expected = "\(image.repository):\(tag)"
        var command = custom.command
        command.environment["EXPECTED_REF"] = expected
        command.environment["EXPECTED_IMAGE"] = image.repository
        command.environment["EXPECTED_TAG"] = tag
        guard custom.disablePush || custom.skipsLocalDocker else {
            throw DevloopError(
                .image, "\(image.ref): this version does not fetch images from a local Docker",
                at: image.location,
                hint: "let the command bring the image to the node itself, and say disable_push=True")
        }
        let start = ContinuousClock.now
        let code = try await CommandAdapter().run(command) { onEvent(.output($0)) }
        guard code == 0 else {
            throw DevloopError(
                .image, "the command of custom_build '\(image.ref)' ended with exit code \(code)", at: image.location,
                hint: "its output is in the log of the resource")
        }
        var reference = expected
        if let file = custom.outputsImageRefTo {
            let text = String(decoding: try SmallFile.read(file), as: UTF8.self)
            reference = String(text.prefix { !$0.isWhitespace })
        }
        onEvent(.packed(reference: reference, size: 0, duration: ContinuousClock.now - start))
        onEvent(.delivered(reference: reference, way: "its own command", sent: 0, duration: .zero))
        return reference
    }

    /// A tag that says the content of the deps (design D9).
    private func contentTag(_ custom: CustomBuild) throws -> String {
        let files = try custom.deps.flatMap { try LayerFile.tree($0, at: $0) }
        return "devloop-\(try Layer(name: "deps", files: files, cache: cache).digest.short)"
    }
}
