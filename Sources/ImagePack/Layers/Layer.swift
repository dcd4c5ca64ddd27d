// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Hashing

/// One layer: bytes that are described, named by their digest, and read only when they are sent.
package struct Layer: Sendable {
    /// What it holds, for people: `runtime`, `agent`, `executable`.
    package var name: String
    /// Of the bytes as they are sent.
    package var digest: ContentDigest
    /// What these bytes are: a tar, or one that is compressed, as layers of a foreign base often are.
    package var mediaType: String
    /// Of the tar inside; equal to ``digest`` unless the bytes are compressed.
    package var diffID: ContentDigest
    package var content: ByteSource

    package var size: Int { content.size }

    /// A layer that somebody else made, carried as it is.
    package init(
        name: String, digest: ContentDigest, mediaType: String, diffID: ContentDigest, content: ByteSource
    ) {
        self.name = name
        self.digest = digest
        self.mediaType = mediaType
        self.diffID = diffID
        self.content = content
    }

    /// An uncompressed layer of our own.
    /// - Parameter cache: remembers digests of layers whose files have not changed.
    package init(name: String, files: [LayerFile], cache: LayerDigestCache) throws(DevloopError) {
        self.name = name
        let entries = Self.withParents(files)
        var tar = TarBuilder()
        for entry in entries {
            switch entry.content {
            case .directory: try tar.add(directory: entry.path, mode: entry.mode)
            case .file(let path, let size, _, _): try tar.add(file: path, size: size, at: entry.path, mode: entry.mode)
            case .bytes(let bytes): try tar.add(bytes: bytes, at: entry.path, mode: entry.mode)
            case .link(let target): try tar.add(link: entry.path, to: target)
            }
        }
        tar.finish()
        content = tar.source
        mediaType = MediaType.layer
        let fingerprint = Self.fingerprint(entries)
        if let known = cache[fingerprint] {
            digest = known
        } else {
            digest = try tar.source.digest()
            cache[fingerprint] = digest
        }
        diffID = digest
    }

    /// Sorted by path, with a directory entry for each parent, so that every extractor makes the same tree.
    private static func withParents(_ files: [LayerFile]) -> [LayerFile] {
        var byPath: [String: LayerFile] = [:]
        for file in files {
            byPath[file.path] = file
            var parent = Substring(file.path)
            while let slash = parent.lastIndex(of: "/") {
                parent = parent[..<slash]
                let path = String(parent)
                if byPath[path] == nil { byPath[path] = LayerFile(path: path, content: .directory, mode: 0o755) }
            }
        }
        return byPath.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// What the layer's bytes are made of, without reading files: path, size, time in nanoseconds and inode of each.
    private static func fingerprint(_ entries: [LayerFile]) -> String {
        var hash = SHA256()
        for entry in entries { hash.update(Array("\(entry)\n".utf8)) }
        return hash.finish().hex
    }
}
