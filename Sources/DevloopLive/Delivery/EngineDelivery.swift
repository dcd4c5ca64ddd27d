// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImageDelivery

/// Images by the Engine API of the nodes' own Docker. The one place where that deliverer is made.
enum EngineDelivery {
    static func make(_ endpoint: EngineEndpoint, summary: String) async throws -> any ImageDelivering {
        throw DevloopError(
            .image, "this version has no deliverer for the Docker Engine",
            hint: "minikube addons enable registry and default_registry(...), or image_loader(...), bring images there")
    }
}
