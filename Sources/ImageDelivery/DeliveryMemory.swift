// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Hashing
import ImagePack

/// Remembers over sessions which layers a node was given. Only a hint: a wrong one costs one refused delta archive.
package struct DeliveryMemory: Sendable {
    /// File of this node, in the cache folder.
    package let path: String

    package init(path: String) { self.path = path }

    package func load() -> Set<ContentDigest> {
        guard let bytes = try? SmallFile.read(path), let json = try? JSONValue(parsing: bytes) else { return [] }
        return Set((json.array ?? []).compactMap { $0.string.flatMap(ContentDigest.init) })
    }

    package func save(_ digests: Set<ContentDigest>) {
        SmallFile.replace(path, with: JSONValue.array(digests.map(\.hex).sorted().map { .string($0) }).jsonBytes)
    }
}
