// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// How files come into one container that devloop has not rendered; pure.
package enum ContainerWay: Sendable, Equatable {
    /// Through the agent that it runs, which is at this path in it.
    case agent(String)
    /// By `tar`, executed in it.
    case tar
    case refused(String)

    /// - Parameter server: version of the cluster, `v1.20.2`.
    package static func choose(
        _ wanted: ForeignContainers, _ container: PodStatus.Container, server: String?
    ) -> ContainerWay {
        switch wanted.via {
        case .tar: return .tar
        case .agent:
            if let path = container.agent { return .agent(path) }
            return .refused(EphemeralWay.refusal(server: server))
        }
    }

    /// The word of `sync.started`.
    package var name: String {
        switch self {
        case .agent: "found"
        case .tar: "tar"
        case .refused: "none"
        }
    }

    /// What a person is told when the containers have been found.
    package func explanation(of containers: String) -> String {
        switch self {
        case .agent: "files are synced into \(containers) through the agent that runs there"
        case .tar: "files are synced into \(containers) by its own tar, as the Devloopfile asks"
        case .refused(let reason): "files are not synced into \(containers): \(reason)"
        }
    }

    /// What a person is told of a resource whose files stay away for this reason.
    package static func failure(_ reason: String) -> String { "files cannot be synced: \(reason)" }

    /// What a person can do where files cannot be synced.
    package static let hint =
        "via='tar' in the Devloopfile has the image's own tar executed; an image that devloop makes has an agent"
}
