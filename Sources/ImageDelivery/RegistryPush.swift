// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import HTTPTransport
import Hashing
package import ImagePack
package import Registry
import Synchronization

/// Pushes images to a registry: blobs that it has are not sent again, those of another repository of it are mounted.
package final class RegistryPush: ImageDelivering {
    package let summary: String
    private let client: RegistryClient
    /// Host as it stands in references from the node.
    private let hostFromCluster: String
    /// Path below the host that comes before each image's name; empty or with a final slash.
    private let prefix: String
    private let singleName: String
    private let compressor: LayerCompressor?
    /// Repositories that have a blob, as far as this session knows.
    private let places = Mutex<[ContentDigest: Set<String>]>([:])
    /// Blobs on their way.
    private let sending = Mutex<[ContentDigest: Task<RegistryClient.Placement, any Error>]>([:])
    private static let concurrentBlobs = 4

    /// - Parameters:
    ///   - host: `host[:port][/path]` as this machine reaches it; loopback hosts are spoken to without TLS.
    ///   - hostFromCluster: the same for the node.
    ///   - compressor: packs layers for a registry that is not on this machine; nil sends them as they are.
    package init(
        client: HTTPClient, host: String, hostFromCluster: String?, singleName: String,
        credentials: DockerCredentials = .ofUser, compressor: LayerCompressor? = .ofUser, retry: RetryRule = RetryRule()
    ) {
        let parts = host.split(separator: "/", maxSplits: 1)
        let registry = RegistryHost(parts.first.map(String.init) ?? host)
        self.client = RegistryClient(host: registry, http: client, credentials: credentials, retry: retry)
        self.hostFromCluster = hostFromCluster ?? host
        self.singleName = singleName
        // On loopback, compressing takes longer than sending.
        self.compressor = registry.isLoopback ? nil : compressor
        prefix = parts.count > 1 ? "\(parts[1])/" : ""
        summary = "registry \(host), as default_registry says"
    }

    /// The name below the registry: the ref with slashes and colons as `_`, which is what Tilt makes of it, or the single name.
    static func repository(_ ref: String, singleName: String) -> String {
        singleName.isEmpty
            ? ref.lowercased().map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? String($0) : "_" }.joined()
            : singleName
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        let name = Self.repository(image.ref, singleName: singleName)
        let repository = prefix + name
        let reference = "\(hostFromCluster)/\(name):\(image.tag)"
        let image = try await compressed(image)
        if try await client.manifestDigest(repository, image.tag) == image.manifestDigest {
            return Delivery(reference: reference, way: "already there", sent: 0)
        }
        if let origin = image.base?.origin, origin.registry == client.host.name {
            for layer in image.base?.layers ?? [] { note(layer.digest, in: origin.repository) }
        }
        var sent = try await placeBlobs(of: image, in: repository)
        do {
            try await client.put(manifest: image.manifest, repository, tag: image.tag)
        } catch  where RegistryClient.lacksBlobs(error) {
            // It has lost what it had: a garbage collection, or an empty disk after a restart.
            places.withLock { $0.removeAll() }
            sent += try await placeBlobs(of: image, in: repository)
            try await client.put(manifest: image.manifest, repository, tag: image.tag)
        }
        return Delivery(reference: reference, way: "registry", sent: sent + image.manifest.count)
    }

    private func compressed(_ image: PackedImage) async throws -> PackedImage {
        guard let compressor else { return image }
        var layers: [Layer] = []
        for layer in image.layers { layers.append(try await compressor.compress(layer)) }
        return image.carrying(layers)
    }

    /// - Returns: bytes sent.
    private func placeBlobs(of image: PackedImage, in repository: String) async throws -> Int {
        var blobs = [image.configurationDigest: ByteSource(image.configuration)]
        for layer in image.layers { blobs[layer.digest] = layer.content }
        let missing = blobs.filter { !isKnown($0.key, in: repository) }
        return try await withThrowingTaskGroup(of: Int.self) { group in
            var sent = 0
            var running = 0
            for (digest, content) in missing {
                if running == Self.concurrentBlobs {
                    sent += try await group.next() ?? 0
                    running -= 1
                }
                running += 1
                group.addTask { try await self.place(digest, content, in: repository) }
            }
            for try await bytes in group { sent += bytes }
            return sent
        }
    }

    private func place(_ digest: ContentDigest, _ content: ByteSource, in repository: String) async throws -> Int {
        // Services that start together have the same libraries: the first sends them, the others mount them. Whether
        // it succeeded is its own affair.
        while true {
            switch begin(digest, content, in: repository) {
            case .others(let task):
                _ = await task.result
                try Task.checkCancellation()
            case .own(let task):
                let placement = try await withTaskCancellationHandler {
                    try await task.value
                } onCancel: {
                    task.cancel()
                }
                if case .sent(let bytes) = placement { return bytes }
                return 0
            }
        }
    }

    private enum Sending {
        case own(Task<RegistryClient.Placement, any Error>)
        case others(Task<RegistryClient.Placement, any Error>)
    }

    private func begin(_ digest: ContentDigest, _ content: ByteSource, in repository: String) -> Sending {
        sending.withLock { sending in
            if let task = sending[digest] { return .others(task) }
            let other = places.withLock { $0[digest]?.sorted().first }
            let task = Task {
                // Before its result is there, so that nobody who waits for that finds it here again.
                defer { self.sending.withLock { $0[digest] = nil } }
                let placement = try await client.place(content, digest, in: repository, from: other)
                note(digest, in: repository)
                return placement
            }
            sending[digest] = task
            return .own(task)
        }
    }

    private func isKnown(_ digest: ContentDigest, in repository: String) -> Bool {
        places.withLock { $0[digest]?.contains(repository) ?? false }
    }

    private func note(_ digest: ContentDigest, in repository: String) {
        places.withLock { _ = $0[digest, default: []].insert(repository) }
    }
}
