// SPDX-License-Identifier: Apache-2.0

import SwiftBuilder
import Synchronization

/// What building and the cluster know of each other: the nodes' architecture on one side, the programs that crash reports
/// may be about on the other.
final class BuildLink: Sendable {
    let symbolizer = Symbolizer(environment: LiveEnvironment.variables)
    private let nodes = Mutex<String?>(nil)

    /// Of the nodes, as Kubernetes has it; nil until the cluster was reached.
    var architecture: String? {
        get { nodes.withLock { $0 } }
        set { nodes.withLock { $0 = newValue } }
    }
}
