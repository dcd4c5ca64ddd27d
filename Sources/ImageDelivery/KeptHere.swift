// SPDX-License-Identifier: Apache-2.0

package import ImagePack

/// Images that go nowhere, with the references that the chosen way would give them: for commands that only build.
package struct KeptHere: ImageDelivering {
    package let summary = "kept here: nothing is delivered"
    private let reference: @Sendable (PackedImage) -> String

    package init(reference: @escaping @Sendable (PackedImage) -> String = { $0.reference }) {
        self.reference = reference
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        Delivery(reference: reference(image), way: "kept here", sent: 0)
    }
}

extension RegistryPush {
    /// The reference that manifests get for an image in a registry.
    /// - Parameter host: the registry as the node sees it, `host[:port][/path]`.
    package static func reference(of image: PackedImage, host: String, singleName: String) -> String {
        "\(host)/\(repository(image.ref, singleName: singleName)):\(image.tag)"
    }
}
