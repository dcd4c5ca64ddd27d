// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import Hashing
import ImageDelivery
import ImagePack
import LoopEngine
import Plan

/// `docker_build`: built by what is there, read out of it, and brought to the node like any other image.
extension ImageMaker {
    func make(
        _ docker: DockerBuild, _ image: Image, _ onEvent: @escaping @Sendable (ImageNotice) -> Void
    ) async throws -> String {
        do {
            return try await build(docker, image, onEvent)
        } catch let error as DevloopError {
            throw Self.place(error, docker, image)
        }
    }

    private func build(
        _ docker: DockerBuild, _ image: Image, _ onEvent: @escaping @Sendable (ImageNotice) -> Void
    ) async throws -> String {
        let start = ContinuousClock.now
        let builder = try await builder(for: docker)
        let names = try await names(of: image.dependencies, in: builder)
        var request = BuildRequest(docker) { reference in
            // One with the same tag comes before one for any tag.
            let found = names.filter { ImageName.matches(reference, ref: $0.key) }
            return (found.first { ImageName($0.key)?.tag != nil } ?? found.first)?.value
        }
        // What the builder makes by itself is right for a node of this kind of machine.
        if request.platform.isEmpty, !architecture.isEmpty, architecture != Self.hostArchitecture {
            request.platform = "linux/\(architecture)"
        }
        let context = try BuildContext(request)
        let known = await built[image.ref]
        if let known, var inputs = known.inputs,
            try await isSame(&inputs, builder, request, context), try await builder.image(known.localName) != nil
        {
            var known = known
            known.inputs = inputs
            await built.set(image.ref, known)
            onEvent(.output("\(image.ref): its files and arguments are what they were, nothing is built"))
            return try await deliver(known, image, builder, since: start, onEvent)
        }
        let digest = try context.digest()
        onEvent(.output("\(image.ref): building with \(builder.name)"))
        let id = try await builder.build(request, context: context) { onEvent(.output($0)) }
        let inputs = BuildInputs(
            store: builder.store, request: request, fingerprint: context.fingerprint, digest: digest)
        let made = try await take(id, image, from: builder, inputs: inputs, onEvent)
        // What the last save made has no name and is in nobody's way, but would fill the disk in a long day.
        if let old = known?.localName, let engine = builder as? EngineBuilder, known?.store == engine.store, old != id {
            try? await engine.client.removeIfUnnamed(old)
        }
        return try await deliver(made, image, builder, since: start, onEvent)
    }

    /// Reads an image out of the store that it is in, unless the node runs containers from that store.
    /// - Parameter otherNames: what we have let the image be called before.
    func take(
        _ id: String, _ image: Image, from builder: any ImageBuilder, inputs: BuildInputs?,
        otherNames: Set<String> = [], _ onEvent: @Sendable (ImageNotice) -> Void
    ) async throws -> BuiltImage {
        if let load = delivery as? EngineLoad, isOnNode(builder) {
            let reference = "\(image.repository):devloop-\(id.split(separator: ":").last?.prefix(12) ?? "")"
            try await load.engine.tag(id, as: reference)
            if let digest = ContentDigest(id) {
                await load.images.note(reference, ref: image.repository, id: digest, otherNames: otherNames)
            }
            return BuiltImage(localName: reference, store: builder.store, inputs: inputs, reference: reference)
        }
        let file = ExportFile(in: try HostPaths.exports())
        try await builder.export(id, name: "\(image.repository):devloop", to: file.path)
        let archived = try ImageArchiveReader.read(file.path)
        if !architecture.isEmpty, archived.platform.architecture != architecture {
            onEvent(
                .output(
                    "\(image.ref) is for \(archived.platform), the node is \(architecture): it runs there only by emulation"
                ))
        }
        let packed = PackedImage(ref: image.repository, archived: archived)
        return BuiltImage(
            localName: id, store: builder.store, packed: packed, file: file, inputs: inputs,
            reference: packed.reference)
    }

    /// Sends what the node does not have.
    func deliver(
        _ made: BuiltImage, _ image: Image, _ builder: any ImageBuilder, since start: ContinuousClock.Instant,
        _ onEvent: @Sendable (ImageNotice) -> Void
    ) async throws -> String {
        let packed = ContinuousClock.now
        onEvent(
            .packed(
                reference: made.reference, digest: made.packed?.manifestDigest.oci, size: made.packed?.size ?? 0,
                duration: packed - start))
        var made = made
        var result = Delivery(reference: made.reference, way: "built there", sent: 0)
        if let image = made.packed { result = try await way().deliver(image) }
        made.reference = result.reference
        await built.set(image.ref, made)
        onEvent(
            .delivered(
                reference: result.reference, way: result.way, sent: result.sent,
                duration: ContinuousClock.now - packed))
        return result.reference
    }

    /// The node's own engine where there is one; else what this machine has.
    private func builder(for docker: DockerBuild) async throws -> any ImageBuilder {
        let request = BuildRequest(docker) { _ in nil }
        if !request.needsSession, let load = delivery as? EngineLoad {
            return EngineBuilder(load.engine, environment: environment)
        }
        return try await BuilderChoice.choose(
            session: request.sessionParameters, environment: environment)
    }

    /// Whether the node runs containers from the builder's store.
    func isOnNode(_ builder: any ImageBuilder) -> Bool {
        guard let load = delivery as? EngineLoad else { return false }
        return builder.store == load.engine.endpoint.url
    }

    /// What images of the spec are called in the builder's store; what is not in it is put there.
    private func names(of refs: [String], in builder: any ImageBuilder) async throws -> [String: String] {
        var names: [String: String] = [:]
        for ref in refs {
            guard let made = await built[ref] else {
                throw DevloopError(.image, "\(ref) was not made yet", hint: "trigger the resource that uses it")
            }
            if made.store != builder.store, let packed = made.packed {
                names[ref] = try await builder.load(packed, folder: try HostPaths.exports())
            } else {
                names[ref] = made.localName
            }
        }
        return names
    }

    /// Whether a build would make what is there.
    private func isSame(
        _ inputs: inout BuildInputs, _ builder: any ImageBuilder, _ request: BuildRequest, _ context: BuildContext
    ) async throws -> Bool {
        // With pull it is asked each time whether what it builds on is newer.
        guard inputs.store == builder.store, inputs.request == request, !request.pull else { return false }
        if inputs.fingerprint == context.fingerprint { return true }
        guard try context.digest() == inputs.digest else { return false }
        inputs.fingerprint = context.fingerprint
        return true
    }

    /// A failed instruction is told at its line of the Dockerfile, all else at the place in the spec.
    private static func place(_ error: DevloopError, _ docker: DockerBuild, _ image: Image) -> DevloopError {
        guard error.location == nil else { return error }
        var error = error
        if let failure = error.cause as? BuildFailure, let line = failure.line, let file = docker.dockerfile {
            error.location = SourceLocation(file: file, line: line)
            error.hint = error.hint ?? "the build's output is in the log of the resource"
        } else {
            error.location = image.location
        }
        error.message = "\(image.ref): \(error.message)"
        return error
    }

    private static var hostArchitecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}
