// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
package import ImagePack
import ProcessRunner
import Synchronization

/// Hands image archives to a command that reads one on its standard input and exits 0 when the node has the image:
/// `image_loader(...)` of the spec, or the import command of the node's runtime (design §4.4).
///
/// Layers that the node was given before are left out; if it refuses such a delta archive, the full one follows once.
package actor ArchiveImport: ImageDelivering {
    package nonisolated let summary: String
    private let arguments: [String]
    private let directory: String?
    private let environment: [String: String]
    private let takesDelta: Bool
    /// Layers that the node took in this session or an earlier one.
    private var known: Set<ContentDigest>
    private let memory: DeliveryMemory?

    /// - Parameters:
    ///   - takesDelta: whether it is worth trying an archive without the layers that the node has.
    ///   - memory: where to remember them over sessions.
    package init(
        summary: String, arguments: [String], directory: String? = nil, environment: [String: String] = [:],
        takesDelta: Bool = true, memory: DeliveryMemory?
    ) {
        self.summary = summary
        self.arguments = arguments
        self.directory = directory
        self.environment = environment
        self.takesDelta = takesDelta
        self.memory = memory
        known = memory?.load() ?? []
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        let layers = Set(image.layers.map(\.digest))
        let shared = takesDelta ? known.intersection(layers) : []
        if !shared.isEmpty {
            let archive = try ImageArchive.make(image, without: shared)
            if try await hand(archive).status.isSuccess {
                remember(layers)
                return Delivery(reference: image.reference, way: "delta archive", sent: archive.size)
            }
            // The node has dropped what it had: all that is known of it is worth nothing.
            known = []
        }
        let archive = try ImageArchive.make(image)
        let result = try await hand(archive)
        guard result.status.isSuccess else {
            let words = result.errorText.isEmpty ? result.outputText : result.errorText
            let last = words.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw DevloopError(
                .image,
                "'\(arguments.joined(separator: " "))' did not take \(image.reference): \(result.status)"
                    + (last.isEmpty ? "" : ": \(last)"),
                hint: "run the command by hand with an image archive to see what it needs")
        }
        remember(layers)
        return Delivery(reference: image.reference, way: "full archive", sent: archive.size)
    }

    private func hand(_ archive: ByteSource) async throws -> ProcessResult {
        try await ProcessRunner.run(
            ProcessCommand(
                arguments, directory: directory, environment: .inherit(adding: environment),
                stdin: .stream(archive.stream)))
    }

    private func remember(_ layers: Set<ContentDigest>) {
        guard !layers.isSubset(of: known) else { return }
        known.formUnion(layers)
        memory?.save(known)
    }
}
