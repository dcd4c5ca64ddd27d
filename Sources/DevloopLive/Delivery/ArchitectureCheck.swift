// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Whether programs that this machine compiles run on the nodes.
package enum ArchitectureCheck {
    /// - Parameter host: `amd64` or `arm64`.
    /// - Returns: nil when every node has the architecture of this machine.
    package static func problem(of nodes: [NodeFacts], host: String) -> DevloopError? {
        guard let other = nodes.first(where: { $0.architecture != host }) else { return nil }
        return DevloopError(
            .image,
            "node \(other.name) is \(other.architecture), and swift build on this machine makes \(host) programs",
            hint: "use a cluster whose nodes are \(host), or make the image with custom_build and a Swift SDK for "
                + "\(other.architecture) (swift sdk install)")
    }
}
