// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// The image that brings the agent into Pods of images that devloop did not pack: the static program, nothing else.
package enum AgentImage {
    package static let ref = "devloop/agent"
    /// Not root, so that Pods which must not run as root can use it; a Pod that names a user runs it as that one.
    private static let user = "65532:65532"

    /// - Parameters:
    ///   - agent: the program on this machine.
    ///   - architecture: of the node, `amd64` or `arm64`.
    /// - Throws: `DevloopError` with code image when it cannot be read, or is for another kind of machine.
    package static func pack(
        _ agent: String, architecture: String, cache: LayerDigestCache
    ) throws(DevloopError) -> PackedImage {
        let layer = try Layer(
            name: "agent", files: [try .file(agent, at: "devloop/agent", mode: 0o755)], cache: cache)
        var configuration = ImageConfiguration(
            entrypoint: ["/devloop/agent"], arguments: [], environment: [:], directory: "/", architecture: architecture)
        configuration.user = user
        return PackedImage(ref: ref, layers: [layer], configuration: configuration)
    }
}
