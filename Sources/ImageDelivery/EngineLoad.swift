// SPDX-License-Identifier: Apache-2.0

package import ContainerEngine
package import ImagePack

/// Loads images into the Docker Engine that runs the node's containers: Minikube with the docker runtime. What it has
/// is not sent again; it takes whole archives only.
package struct EngineLoad: ImageDelivering {
    package let summary: String
    package let engine: EngineClient
    /// What is ours there, for what builds images in it too.
    package let images: EngineImages

    /// - Parameters:
    ///   - engine: the node's, by the variables of `minikube docker-env`; see ``EngineEndpoint/resolve(_:)``.
    ///   - memory: where to remember over sessions what the engine was given.
    ///   - imagesInUse: nil removes no old versions.
    package init(
        _ engine: EngineClient, summary: String, memory: DeliveryMemory? = nil,
        imagesInUse: NodeImport.ImagesInUse? = nil, keptVersions: Int = 5
    ) {
        self.engine = engine
        self.summary = summary
        images = EngineImages(engine, memory: memory, imagesInUse: imagesInUse, keptVersions: keptVersions)
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        if try await engine.image(image.reference) != nil {
            await images.found(image.reference, ref: image.ref, id: image.configurationDigest)
            return Delivery(reference: image.reference, way: "already there", sent: 0)
        }
        let archive = try ImageArchive.make(image)
        try await engine.load(archive)
        await images.note(image.reference, ref: image.ref, id: image.configurationDigest)
        return Delivery(reference: image.reference, way: "full archive", sent: archive.size)
    }

    package func close() async { await images.settle() }
}
