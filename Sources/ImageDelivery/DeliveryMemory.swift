// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImagePack

/// Remembers over sessions what a node was given. Only a hint: a wrong one costs one refused delta archive.
package struct DeliveryMemory: Sendable {
    /// File of this node, in the cache folder.
    package let path: String

    package init(path: String) { self.path = path }

    package func load() -> NodeImages {
        guard let bytes = try? SmallFile.read(path), let json = try? JSONValue(parsing: bytes) else {
            return NodeImages()
        }
        return NodeImages(json: json)
    }

    package func save(_ images: NodeImages) { SmallFile.replace(path, with: images.json.jsonBytes) }
}
