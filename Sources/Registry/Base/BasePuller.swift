// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport
import Hashing
package import ImagePack
package import Plan
import Synchronization

/// Fetches base images from registries into the cache of this machine.
package final class BasePuller: Sendable {
    private let cache: BlobCache
    private let clients: RegistryClients
    /// What was asked for in this session: the answer stays.
    private let asked = Mutex<Set<String>>([])
    private static let concurrentBlobs = 4

    package init(cache: BlobCache, clients: RegistryClients) {
        self.cache = cache
        self.clients = clients
    }

    /// - Parameters:
    ///   - reference: as the spec names it, for messages.
    ///   - note: told what a user should know of: that the registry cannot be reached, and what is used instead.
    /// - Throws: `DevloopError` with code image; `CancellationError`.
    package func pull(
        _ name: ImageName, reference: String, platform: ImagePlatform, note: @Sendable (String) -> Void
    ) async throws -> BaseImage {
        let key = "base \(name.repository) \(name.digest ?? name.tag ?? "latest") \(platform)"
        let remembered = Remembered(cache.recall(key))
        // A digest means the same for ever, a tag the same for a session.
        let isSettled = name.digest != nil || asked.withLock { $0.contains(key) }
        if isSettled, let remembered, let image = try image(remembered, name, reference) { return image }
        do {
            let fetched = try await fetch(name, reference, platform, remembered)
            cache.remember(key, fetched.json)
            asked.withLock { _ = $0.insert(key) }
            guard let image = try image(fetched, name, reference) else {
                throw DevloopError(.image, "the cache in \(cache.folder) loses what is put into it")
            }
            return image
        } catch let error as DevloopError where Self.isOutage(error) {
            guard let remembered, let image = try image(remembered, name, reference) else { throw error }
            asked.withLock { _ = $0.insert(key) }
            note("\(error.message); using \(reference) as it was fetched before, \(image.digest.oci)")
            return image
        }
    }

    /// Whether a registry does not answer, or not now: a refusal is none.
    private static func isOutage(_ error: DevloopError) -> Bool {
        if let answer = error.cause as? RegistryFault.Answer { return RetryRule.isTransient(answer.status) }
        return error.cause is HTTPFailure
    }

    /// What a tag meant when it was last asked for.
    private struct Remembered {
        /// What the registry has under the tag: a manifest, or the index that leads to it.
        var top: ContentDigest
        var manifest: ContentDigest

        init(top: ContentDigest, manifest: ContentDigest) {
            self.top = top
            self.manifest = manifest
        }

        init?(_ json: JSONValue?) {
            guard let top = json?["top"]?.string.flatMap(ContentDigest.init),
                let manifest = json?["manifest"]?.string.flatMap(ContentDigest.init)
            else { return nil }
            self.init(top: top, manifest: manifest)
        }

        var json: JSONValue { ["top": .string(top.oci), "manifest": .string(manifest.oci)] }
    }

    private func fetch(
        _ name: ImageName, _ reference: String, _ platform: ImagePlatform, _ remembered: Remembered?
    ) async throws -> Remembered {
        let client = try clients[RegistryHost(name.registry)]
        let tag = name.digest ?? name.tag ?? "latest"
        if let remembered, try image(remembered, name, reference) != nil,
            try await client.manifestDigest(name.path, tag) == remembered.top
        {
            return remembered
        }
        let top = try await manifest(client, name, reference, tag)
        var chosen = top
        let json = try Self.json(top.bytes, reference)
        if let entries = json["manifests"]?.array {
            let digest = try Self.choose(entries, platform, reference)
            chosen = try await manifest(client, name, reference, digest.oci)
        }
        let parts = try BaseManifest(try Self.json(chosen.bytes, reference), reference)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for blob in [parts.configuration] + parts.layers.map(\.descriptor) {
                if running == Self.concurrentBlobs {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { [cache] in
                    try await client.fetch(name.path, blob.digest, size: blob.size, into: cache)
                }
            }
            try await group.waitForAll()
        }
        if cache.find(chosen.digest) == nil { try cache.add(chosen.bytes) }
        return Remembered(top: top.digest, manifest: chosen.digest)
    }

    private func manifest(
        _ client: RegistryClient, _ name: ImageName, _ reference: String, _ tag: String
    ) async throws -> RegistryClient.Manifest {
        guard let found = try await client.manifest(name.path, tag) else {
            throw DevloopError(
                .image, "there is no image \(reference) in the registry \(client.host.name)",
                hint: "check name and tag of base; images that are not public need a login: \(client.host.loginCommand)"
            )
        }
        return found
    }

    /// The image out of the cache; nil when a part of it is missing.
    private func image(_ remembered: Remembered, _ name: ImageName, _ reference: String) throws -> BaseImage? {
        guard let manifest = try cache.find(remembered.manifest)?.bytes() else { return nil }
        let parts = try BaseManifest(try Self.json(manifest, reference), reference)
        guard let bytes = try cache.find(parts.configuration.digest, size: parts.configuration.size)?.bytes() else {
            return nil
        }
        let configuration = try Self.json(bytes, reference)
        let diffIDs = (configuration.at("rootfs", "diff_ids")?.array ?? []).compactMap {
            $0.string.flatMap(ContentDigest.init)
        }
        guard diffIDs.count == parts.layers.count else {
            throw DevloopError(
                .image, "the base \(reference) is broken: its configuration does not describe its layers")
        }
        var layers: [Layer] = []
        for (layer, diffID) in zip(parts.layers, diffIDs) {
            guard let content = cache.find(layer.descriptor.digest, size: layer.descriptor.size) else { return nil }
            layers.append(
                Layer(
                    name: "base", digest: layer.descriptor.digest, mediaType: layer.mediaType, diffID: diffID,
                    content: content))
        }
        return try BaseImage(
            reference: reference, digest: remembered.manifest, layers: layers, configuration: configuration,
            origin: (name.registry, name.path))
    }

    /// The manifest of an index that is for a platform.
    static func choose(
        _ entries: [JSONValue], _ platform: ImagePlatform, _ reference: String
    ) throws(DevloopError) -> ContentDigest {
        var others: [String] = []
        for entry in entries {
            guard let system = entry.at("platform", "os")?.string,
                let architecture = entry.at("platform", "architecture")?.string,
                let digest = entry["digest"]?.string.flatMap(ContentDigest.init)
            else { continue }
            let found = ImagePlatform(
                system: system, architecture: architecture, variant: entry.at("platform", "variant")?.string)
            if platform.takes(found) { return digest }
            // Attestations are listed beside the images that they are about.
            if system != "unknown" { others.append("\(found)") }
        }
        throw DevloopError(
            .image,
            "the base \(reference) has no image for \(platform)"
                + (others.isEmpty ? "" : ", only for \(others.joined(separator: ", "))"),
            hint: "choose a base that is made for \(platform)")
    }

    private static func json(_ bytes: [UInt8], _ reference: String) throws(DevloopError) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw DevloopError(
                .image, "the base \(reference) has a manifest or configuration that is no JSON: \(error.message)")
        }
    }
}
