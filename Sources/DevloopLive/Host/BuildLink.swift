// SPDX-License-Identifier: Apache-2.0

import SwiftBuilder
import Synchronization

/// What building and the cluster know of each other: the nodes' architecture on one side, the programs that crash reports
/// may be about on the other.
final class BuildLink: Sendable {
    let symbolizer = Symbolizer(environment: LiveEnvironment.variables)
    private let nodes = Mutex<String?>(nil)
    private let toolchain = Mutex<String?>(nil)

    /// The toolchain's program that writes backtraces; nil when it has none, or nothing was built yet.
    var backtracer: String? {
        get { toolchain.withLock { $0 } }
        set { toolchain.withLock { $0 = newValue } }
    }

    /// Of the nodes, as Kubernetes has it; nil until the cluster was reached.
    var architecture: String? {
        get { nodes.withLock { $0 } }
        set { nodes.withLock { $0 = newValue } }
    }
}
