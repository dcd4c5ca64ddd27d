// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import GitState
import ImagePack
import LoopEngine
import Plan

extension ImageMaker {
    /// What goes into the image of a Swift product.
    func contents(
        _ swift: SwiftImage, _ work: ImageWork, _ artifact: Artifact,
        _ onEvent: @escaping @Sendable (ImageNotice) -> Void
    ) async throws -> SwiftImagePacker.Contents {
        var contents = SwiftImagePacker.Contents(
            ref: work.image.repository, product: work.product, executable: artifact.path, arguments: swift.arguments,
            environment: swift.environment, resources: swift.resources.map { ($0.source, $0.destination) },
            agent: work.isLive ? try HostPaths.agent() : nil)
        contents.original = artifact.original
        contents.backtracer = link.backtracer
        contents.libraries = artifact.libraries.map {
            .init(layerName: $0.name, fileName: $0.name, path: $0.path, original: $0.original)
        }
        contents.resources += artifact.resources.map { ($0.path, "/app/\($0.name)") }
        contents.user = swift.user
        contents.directory = swift.directory
        contents.ports = swift.ports
        contents.labels = Self.labels(of: swift.package, onEvent)
        if swift.base != "scratch" {
            do {
                contents.base = try await bases.image(
                    swift.base, platform: ImagePlatform(architecture: packer.architecture),
                    note: { onEvent(.output($0)) })
            } catch var error as DevloopError {
                error.location = error.location ?? work.image.location
                throw error
            }
        }
        return contents
    }

    /// The revision that the program is made from, in the words of image-spec v1.1, annotations.md. A work tree that
    /// differs from it is told by the suffix that `git describe --dirty` and docker buildx write.
    private static func labels(of package: String, _ onEvent: (ImageNotice) -> Void) -> [String: String] {
        do {
            guard let repository = try GitRepository.discover(from: package), let head = try repository.head() else {
                return [:]
            }
            let suffix = try repository.isDirty() ? "-dirty" : ""
            return ["org.opencontainers.image.revision": head.revision + suffix]
        } catch {
            // A program is not worse for a repository that cannot be read.
            onEvent(
                .output("the image gets no label for its revision: \((error as? DevloopError)?.message ?? "\(error)")"))
            return [:]
        }
    }
}
