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
    /// Like ``diffID``, but with the bytes left out of account that differ between two builds of the same program (see
    /// `ExecutableIdentity`). Tags are made of it, nothing else: every digest that is sent is that of the true bytes.
    package var identity: ContentDigest
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
        identity = diffID
        self.content = content
    }

    /// An uncompressed layer of our own.
    /// - Parameters:
    ///   - cache: remembers digests of layers whose files have not changed.
    ///   - owned: tells of a parent directory whether the layer has an entry for it; nil makes one for each. An entry
    ///     for a directory of a base image would change its mode, or replace it where the base has a link.
    package init(
        name: String, files: [LayerFile], cache: LayerDigestCache, owned: ((String) -> Bool)? = nil
    ) throws(DevloopError) {
        self.name = name
        let entries = Self.withParents(files, owned)
        var tar = TarBuilder()
        var volatile: [Range<Int>] = []
        for entry in entries {
            switch entry.content {
            case .directory: try tar.add(directory: entry.path, mode: entry.mode, owner: entry.owner)
            case .file(let path, let size, _, _):
                try tar.add(file: path, size: size, at: entry.path, mode: entry.mode)
                let start = tar.source.size - (size + 511) / 512 * 512
                for range in entry.volatile { volatile.append(start + range.lowerBound..<start + range.upperBound) }
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
        guard !volatile.isEmpty else {
            identity = digest
            return
        }
        if let known = cache["\(fingerprint) identity"] {
            identity = known
        } else {
            identity = try tar.source.digest(blanking: volatile)
            cache["\(fingerprint) identity"] = identity
        }
    }

    /// Directories that every program may write to; as a parent of our files they must stay so.
    private static let temporary: Set = ["tmp", "var/tmp"]

    /// Sorted by path, with a directory entry for each parent, so that every extractor makes the same tree.
    private static func withParents(_ files: [LayerFile], _ owned: ((String) -> Bool)?) -> [LayerFile] {
        var byPath: [String: LayerFile] = [:]
        for file in files {
            byPath[file.path] = file
            var parent = Substring(file.path)
            while let slash = parent.lastIndex(of: "/") {
                parent = parent[..<slash]
                let path = String(parent)
                guard byPath[path] == nil, owned?(path) ?? true else { continue }
                let mode = temporary.contains(path) ? 0o1777 : 0o755
                byPath[path] = LayerFile(path: path, content: .directory, mode: mode)
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
