// SPDX-License-Identifier: Apache-2.0

/// The program on a node that takes images from its standard input.
package enum NodeRuntime: Sendable, Equatable {
    /// - Parameter socket: nil for containerd's own place.
    case containerd(socket: String?)
    /// What cri-o's images are loaded with, as Minikube does.
    case podman

    /// Reads an archive on standard input.
    package func importCommand(asRoot: Bool) -> [String] { root(asRoot) + command + importWords }

    /// Removes images by name; nil where that is not done.
    package func removeCommand(_ references: [String], asRoot: Bool) -> [String]? {
        switch self {
        case .containerd: root(asRoot) + command + ["images", "rm"] + references
        case .podman: nil
        }
    }

    /// Whether an archive may leave out layers that it has.
    package var takesDelta: Bool { if case .containerd = self { true } else { false } }

    private func root(_ asRoot: Bool) -> [String] { asRoot ? ["sudo", "-n"] : [] }

    private var command: [String] {
        switch self {
        case .containerd(let socket): ["ctr"] + (socket.map { ["-a", $0] } ?? []) + ["-n", "k8s.io"]
        case .podman: ["podman"]
        }
    }

    private var importWords: [String] {
        switch self {
        case .containerd: ["images", "import", "-"]
        case .podman: ["load", "-q"]
        }
    }
}
