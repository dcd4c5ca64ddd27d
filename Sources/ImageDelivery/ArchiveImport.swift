// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import ImagePack

/// Hands image archives to commands that read one on their standard input and exit 0 when the node has the image:
/// `image_loader(...)` of the spec, or the import command of each node's runtime (design §4.4). Every node gets every
/// image.
package struct ArchiveImport: ImageDelivering {
    package let summary: String
    private let nodes: [NodeImport]

    package init(summary: String, nodes: [NodeImport]) {
        self.summary = summary
        self.nodes = nodes
    }

    package func prepare() async {
        for node in nodes { await node.prepare() }
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        try await withThrowingTaskGroup(of: Delivery.self) { group in
            for node in nodes { group.addTask { try await node.deliver(image) } }
            var ways: Set<String> = []
            var sent = 0
            for try await delivery in group {
                ways.insert(delivery.way)
                sent += delivery.sent
            }
            let way = ways.sorted().joined(separator: " and ")
            return Delivery(
                reference: image.reference, way: nodes.count > 1 ? "\(way) to \(nodes.count) nodes" : way, sent: sent)
        }
    }

    package func close() async {
        await withDiscardingTaskGroup { group in
            for node in nodes { group.addTask { await node.close() } }
        }
    }
}
