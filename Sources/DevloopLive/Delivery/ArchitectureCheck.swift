// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Whether images of one architecture run on all nodes.
package enum ArchitectureCheck {
    /// - Returns: what is wrong; nil when all nodes have the architecture of the first, for which images are made.
    package static func mixture(of nodes: [NodeFacts]) -> String? {
        guard let first = nodes.first, let other = nodes.first(where: { $0.architecture != first.architecture }) else {
            return nil
        }
        return "images are made for \(first.architecture), and node \(other.name) is \(other.architecture)"
    }
}
