// SPDX-License-Identifier: Apache-2.0

package import ContainerEngine
package import ImagePack

/// Loads images into the Docker Engine that runs the node's containers: Minikube with the docker runtime. What it has
/// is not sent again; it takes whole archives only.
package struct EngineLoad: ImageDelivering {
    package let summary: String
    package let engine: EngineClient

    /// - Parameter engine: the node's, by the variables of `minikube docker-env`; see ``EngineEndpoint/resolve(_:)``.
    package init(_ engine: EngineClient, summary: String) {
        self.engine = engine
        self.summary = summary
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        if try await engine.image(image.reference) != nil {
            return Delivery(reference: image.reference, way: "already there", sent: 0)
        }
        let archive = try ImageArchive.make(image)
        try await engine.load(archive)
        return Delivery(reference: image.reference, way: "full archive", sent: archive.size)
    }
}
