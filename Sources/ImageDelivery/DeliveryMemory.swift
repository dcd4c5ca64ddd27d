// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
package import Hashing
import ImagePack

/// Remembers over sessions which layers a node was given. Only a hint: a wrong one costs one refused delta archive.
package struct DeliveryMemory: Sendable {
    /// File of this node, in the cache folder.
    package let path: String

    package init(path: String) { self.path = path }

    package func load() -> Set<ContentDigest> {
        guard let bytes = try? ByteSourceReader.wholeFile(path), let json = try? JSONValue(parsing: bytes) else { return [] }
        return Set((json.array ?? []).compactMap { $0.string.flatMap(ContentDigest.init) })
    }

    package func save(_ digests: Set<ContentDigest>) {
        let bytes = JSONValue.array(digests.map(\.hex).sorted().map { .string($0) }).jsonBytes
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        if written == bytes.count { rename(temporary, path) } else { unlink(temporary) }
    }
}
