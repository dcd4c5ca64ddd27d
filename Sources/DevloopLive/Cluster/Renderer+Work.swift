// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Hashing
import LoopEngine
import Plan
import PodSync

extension Renderer {
    /// The renderer of a resource's objects, with the facts that come from other modules.
    /// - Parameter agentImage: reference of the image that init containers install the agent from.
    init(_ work: ApplyWork, agentImage: String? = nil) {
        self.init(
            resource: work.resource.name, references: work.references,
            live: work.live.mapValues {
                Live(
                    entrypoint: $0.entrypoint, arguments: $0.arguments, isInjected: $0.isInjected,
                    staysAfterExit: $0.staysAfterExit)
            },
            probeArguments: { container in
                // A check that cannot be read is refused by the server too, with its own words.
                ((try? ContainerProbe(container: container)) ?? nil)?.arguments ?? []
            },
            matches: ImageName.matches,
            digest: { SHA256.digest(of: Array($0.utf8)).short })
        self.agentImage = agentImage
        configuration = work.configuration
        for image in work.images {
            overrides[image.ref] = Override(
                entrypoint: image.entrypoint, arguments: image.containerArguments,
                matchesEnvironment: image.matchesEnvironment)
        }
    }
}
