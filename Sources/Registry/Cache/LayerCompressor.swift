// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Gzip
import Hashing
package import ImagePack

/// Compresses layers for registries beyond this machine, each once: the result is kept under the layer's digest.
///
/// gzip, since every runtime unpacks it; containerd before 1.5 and Docker before 23 know no zstd.
package struct LayerCompressor: Sendable {
    /// 1 is a third of the time of 6 and an eighth larger (docs/images.md).
    private static let level: Int32 = 1
    private let cache: BlobCache

    /// With the user's own cache; nil when there is no place for one.
    package static var ofUser: LayerCompressor? { (try? BlobCache.ofUser()).map(LayerCompressor.init) }

    package init(cache: BlobCache) { self.cache = cache }

    /// The layer as gzip; one that is compressed already stays as it is.
    /// - Throws: `DevloopError` with code image; `CancellationError`.
    package func compress(_ layer: Layer) async throws -> Layer {
        guard layer.mediaType == MediaType.layer else { return layer }
        let key = "gzip-\(Self.level) \(layer.diffID.oci)"
        if let digest = cache.recall(key)?.string.flatMap(ContentDigest.init), let content = cache.find(digest) {
            return packed(layer, digest, content)
        }
        var writer = try cache.writer()
        let compressor = GzipCompressor(level: Self.level)
        let reader = ByteSourceReader(layer.content)
        var plain = SHA256()
        while let piece = try reader.next() {
            try Task.checkCancellation()
            plain.update(piece)
            try writer.write(compressor.take(piece))
            // Others get a turn: this takes a second for a large layer.
            await Task.yield()
        }
        guard plain.finish() == layer.diffID else {
            throw DevloopError(
                .image, "the files of the layer '\(layer.name)' changed while they were packed",
                hint: "wait until the build has ended; the next save tries again")
        }
        try writer.write(compressor.finish())
        let digest = try writer.seal()
        guard let content = cache.find(digest) else {
            throw DevloopError(.image, "\(cache.path(digest)) is gone", hint: "is something cleaning the cache folder?")
        }
        cache.remember(key, .string(digest.oci))
        return packed(layer, digest, content)
    }

    private func packed(_ layer: Layer, _ digest: ContentDigest, _ content: ByteSource) -> Layer {
        var packed = Layer(
            name: layer.name, digest: digest, mediaType: MediaType.gzipLayer, diffID: layer.diffID, content: content)
        packed.identity = layer.identity
        return packed
    }
}
