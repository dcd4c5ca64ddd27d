// SPDX-License-Identifier: Apache-2.0

/// `k8s_custom_deploy(name, apply_cmd, delete_cmd, deps, ...)`: objects that commands apply and delete.
package struct CustomDeploy: Sendable, Equatable {
    /// Applies, and writes the objects that it applied as YAML to its standard output.
    package var apply: Command
    package var delete: Command
    /// Absolute paths; a change of one applies again.
    package var deps: [String]
    /// What among the deps is no reason to apply: files that a rule of `live_update` deals with.
    package var ignored = PathFilter()
    /// Containers that take the live updates: those with this image, or with this name.
    package var imageSelector: String?
    package var containerSelector: String?
    package var liveUpdate: [LiveUpdateStep] = []
    package var via = ForeignContainers.Via.agent
    /// Refs of the plan's images that the command is given, in the order of `image_deps`.
    package var imageDeps: [String] = []

    package init(apply: Command, delete: Command, deps: [String]) {
        self.apply = apply
        self.delete = delete
        self.deps = deps
    }

    /// Its live update; nil when it has none.
    package func liveImage(of resource: String) -> Image? {
        guard !liveUpdate.isEmpty else { return nil }
        let containers = ForeignContainers(via: via, image: imageSelector, container: containerSelector)
        return Image.foreign(containers, of: resource, liveUpdate)
    }
}
