// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import ImagePack
import Plan
import Registry

/// Bases of Swift images: from registries, asked once a session what a tag means, or from this machine.
actor BaseImages {
    private var puller: BasePuller?
    private var running: [String: Task<BaseImage, any Error>] = [:]

    /// - Parameters:
    ///   - reference: as `SwiftImage.base` has it.
    ///   - note: told what a user should know of.
    /// - Throws: `DevloopError` with code image.
    func image(
        _ reference: String, platform: ImagePlatform, note: @escaping @Sendable (String) -> Void
    ) async throws -> BaseImage {
        if let path = SwiftImage.localPath(ofBase: reference) { return try Self.read(path, reference, platform) }
        // Services that start together have the same base. The pull goes on when one of those who wait is cancelled.
        if let task = running[reference] { return try await task.value }
        let puller = try puller ?? BasePuller(cache: try BlobCache.ofUser(), clients: RegistryClients())
        self.puller = puller
        guard let name = ImageName(reference) else {
            throw DevloopError(.image, "the base '\(reference)' is no image reference")
        }
        let task = Task { try await puller.pull(name, reference: reference, platform: platform, note: note) }
        running[reference] = task
        defer { running[reference] = nil }
        return try await task.value
    }

    private static func read(_ path: String, _ reference: String, _ platform: ImagePlatform) throws -> BaseImage {
        let found = try ImageArchiveReader.read(path, ImageArchiveReader.Choice(platform: platform))
        return try BaseImage(
            reference: reference, digest: SHA256.digest(of: found.configuration), layers: found.layers,
            configuration: try JSONValue(parsing: found.configuration))
    }
}
