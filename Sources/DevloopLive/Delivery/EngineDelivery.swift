// SPDX-License-Identifier: Apache-2.0

import ContainerEngine
import DevloopCore
import ImageDelivery

/// Images by the Engine API of the nodes' own Docker. The one place where that deliverer is made.
enum EngineDelivery {
    /// - Throws: `DevloopError` (`image`) when nothing tells where the engine listens.
    static func make(
        _ place: EnginePlace, summary: String, memory: DeliveryMemory?, imagesInUse: @escaping NodeImport.ImagesInUse
    ) async throws -> any ImageDelivering {
        let variables =
            switch place {
            case .minikube(let profile): try await MinikubeHost.dockerVariables(of: profile)
            case .local: LiveEnvironment.variables
            }
        return EngineLoad(
            try EngineClient(try EngineEndpoint.resolve(variables)), summary: summary, memory: memory,
            imagesInUse: imagesInUse)
    }
}
