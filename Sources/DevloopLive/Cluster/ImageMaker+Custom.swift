// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import Hashing
import ImageDelivery
import ImagePack
import LoopEngine
import Plan

/// `custom_build`: any command makes the image; the variables that it gets are Tilt's.
extension ImageMaker {
    func make(
        _ custom: CustomBuild, _ image: Image, _ onEvent: @escaping @Sendable (ImageNotice) -> Void
    ) async throws -> String {
        let start = ContinuousClock.now
        let tag = custom.tag.isEmpty ? try await contentTag(custom, image) : custom.tag
        // A command with a tag of its own does not know of the registry either.
        let name = custom.tag.isEmpty ? registry?.localName(image.repository) ?? image.repository : image.repository
        let expected = "\(name):\(tag)"
        var command = custom.command
        for (key, value) in try await variables(expected, name: name, tag: tag, image) {
            command.environment[key] = command.environment[key] ?? value
        }
        let code = try await CommandAdapter().run(command) { onEvent(.output($0)) }
        guard code == 0 else {
            throw DevloopError(
                .image, "the command of custom_build '\(image.ref)' ended with exit code \(code)", at: image.location,
                hint: "its output is in the log of the resource")
        }
        let made = try reference(custom, image) ?? expected
        if bringsItself(custom) {
            let reference = registry?.fromCluster(made) ?? made
            onEvent(.packed(reference: reference, digest: nil, size: 0, duration: ContinuousClock.now - start))
            onEvent(.delivered(reference: reference, way: "its own command", sent: 0, duration: .zero))
            await built.set(image.ref, BuiltImage(localName: made, store: "", reference: reference))
            return reference
        }
        do {
            let (builder, id) = try await find(made, onlyOnNode: custom.disablePush)
            // A tag that the spec or the command has chosen is not ours to take away.
            let isOurs = custom.tag.isEmpty && custom.outputsImageRefTo == nil
            let taken = try await take(
                id, image, from: builder, inputs: nil, otherNames: isOurs ? [expected] : [], onEvent)
            return try await deliver(taken, image, builder, since: start, onEvent)
        } catch let error as DevloopError where error.location == nil {
            var error = error
            error.location = image.location
            error.message = "\(image.ref): \(error.message)"
            throw error
        }
    }

    /// Whether the image is where the node finds it once the command has ended, under the name that it has there.
    ///
    /// `disable_push` means that, as with Tilt, the image is in this machine's store too. Where that store is the node's,
    /// nothing would have been pushed anyway, and the image gets the tag that says its content: under a tag that stays
    /// the same no new Pod would come. To any other node only the name is known that the command has pushed.
    private func bringsItself(_ custom: CustomBuild) -> Bool {
        custom.skipsLocalDocker || (custom.disablePush && !(delivery is EngineLoad))
    }

    /// Source: Tilt's documentation of `custom_build`. Registry and image together are the name in `EXPECTED_REF`.
    private func variables(
        _ expected: String, name: String, tag: String, _ image: Image
    ) async throws -> [String: String] {
        let first = name.prefix { $0 != "/" }
        let hasRegistry = first != name && (first.contains(".") || first.contains(":") || first == "localhost")
        var variables = [
            "EXPECTED_REF": expected,
            "EXPECTED_REGISTRY": hasRegistry ? String(first) : "",
            "EXPECTED_IMAGE": hasRegistry ? String(name.dropFirst(first.count + 1)) : name,
            "EXPECTED_TAG": tag,
        ]
        for (index, ref) in image.dependencies.enumerated() {
            guard let made = await built[ref] else {
                throw DevloopError(.image, "\(ref) was not made yet", at: image.location)
            }
            variables["TILT_IMAGE_\(index)"] = made.localName
            variables["TILT_IMAGE_MAP_\(index)"] = ref
        }
        // A command that calls docker reaches the node's engine, so that nothing has to be sent.
        if let load = delivery as? EngineLoad { variables.merge(load.engine.endpoint.variables) { $1 } }
        return variables
    }

    /// What the command wrote into the file that `outputs_image_ref_to` names; nil when it names none.
    private func reference(_ custom: CustomBuild, _ image: Image) throws -> String? {
        guard let file = custom.outputsImageRefTo else { return nil }
        let bytes: [UInt8]
        do {
            bytes = try SmallFile.read(file)
        } catch {
            throw DevloopError(
                .image, "\(image.ref): the command did not write \(file)", at: image.location,
                hint: "outputs_image_ref_to names the file that it writes the image's reference into")
        }
        let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
        let reference = String(text.drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
        guard ImageName(reference) != nil else {
            throw DevloopError(
                .image, "\(image.ref): \(file) holds '\(reference)', which is no image reference", at: image.location,
                hint: "the command writes one reference into it, such as \(image.repository):1")
        }
        return reference
    }

    /// Where commands leave images: the node's engine or this machine's, then buildah and podman.
    /// - Parameter onlyOnNode: the command has said that nothing has to be sent.
    func stores(onlyOnNode: Bool = false) async -> [any ImageBuilder] {
        var stores: [any ImageBuilder] = []
        if let load = delivery as? EngineLoad {
            stores.append(EngineBuilder(load.engine, environment: environment))
        } else if let engine = try? await BuilderChoice.engine(environment) {
            stores.append(engine)
        }
        for program in onlyOnNode ? [] : ["buildah", "podman"] where ToolBuilder.isInstalled(program, environment) {
            stores.append(ToolBuilder(program: program, environment: environment))
        }
        return stores
    }

    /// Looks for an image in ``stores(onlyOnNode:)``.
    private func find(
        _ reference: String, onlyOnNode: Bool
    ) async throws -> (builder: any ImageBuilder, id: String) {
        let stores = await stores(onlyOnNode: onlyOnNode)
        for store in stores {
            if let id = try await store.image(reference) { return (store, id) }
        }
        let looked =
            stores.isEmpty ? "no Docker Engine answers" : "looked in \(stores.map(\.name).joined(separator: ", "))"
        throw DevloopError(
            .image,
            "its command left no image '\(reference)' \(onlyOnNode ? "on the node" : "on this machine") (\(looked))",
            hint: "let it tag the image $EXPECTED_REF, or say skips_local_docker=True if it pushes the image itself")
    }

    /// A tag that says the command, the content of the deps, and the images that it is made from (design D9).
    private func contentTag(_ custom: CustomBuild, _ image: Image) async throws -> String {
        var digest = SHA256.digest(of: Array(custom.command.arguments.joined(separator: "\0").utf8))
        for path in custom.deps {
            let context = try BuildContext(path, ignored: custom.ignored)
            let content = try cache[context.fingerprint.hex] ?? context.digest()
            cache[context.fingerprint.hex] = content
            digest = SHA256.digest(of: digest.bytes + Array(path.utf8) + content.bytes)
        }
        for ref in image.dependencies {
            let made = await built[ref]?.reference ?? ""
            digest = SHA256.digest(of: digest.bytes + Array("\(ref) \(made)".utf8))
        }
        return "devloop-\(digest.short)"
    }
}
