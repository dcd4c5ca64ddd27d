// SPDX-License-Identifier: Apache-2.0

import Deploy
import DevloopCore
import Hashing
import LoopEngine
import Plan
import PodSync

extension Renderer {
    /// The renderer of a resource's objects, with the facts that come from other modules.
    init(_ work: ApplyWork) {
        self.init(
            resource: work.resource.name, references: work.references,
            live: work.live.mapValues { Live(entrypoint: [$0.path], arguments: $0.arguments) },
            probeArguments: { container in
                // A check that cannot be read is refused by the server too, with its own words.
                ((try? ContainerProbe(container: container)) ?? nil)?.arguments ?? []
            },
            matches: ImageName.matches,
            digest: { SHA256.digest(of: Array($0.utf8)).short })
        configuration = work.configuration
        for image in work.images {
            overrides[image.ref] = Override(
                entrypoint: image.entrypoint, arguments: image.containerArguments,
                matchesEnvironment: image.matchesEnvironment)
        }
    }
}
