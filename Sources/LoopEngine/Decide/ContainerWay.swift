// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
package import Plan

/// How files come into one container that devloop has not rendered; pure.
package enum ContainerWay: Sendable, Equatable {
    /// Through the agent that it runs, which is at this path in it.
    case agent(String)
    /// Through an agent in an ephemeral container beside it, which is made for that.
    case ephemeral
    /// By `tar`, executed in it.
    case tar
    case refused(String)

    /// - Parameters:
    ///   - server: version of the cluster, `v1.20.2`.
    ///   - wish: what an agent that is not there yet would have to do.
    package static func choose(
        _ wanted: ForeignContainers, _ container: PodStatus.Container, server: String?,
        _ wish: EphemeralWay.Wish = EphemeralWay.Wish()
    ) -> ContainerWay {
        switch wanted.via {
        case .tar: return .tar
        case .agent:
            if let path = container.agent { return .agent(path) }
            return EphemeralWay.refusal(server: server, wish).map { .refused($0) } ?? .ephemeral
        }
    }

    /// The word of `sync.started`.
    package var name: String {
        switch self {
        case .agent: "found"
        case .ephemeral: "ephemeral"
        case .tar: "tar"
        case .refused: "none"
        }
    }

    /// What a person is told when the containers have been found.
    package func explanation(of containers: String) -> String {
        switch self {
        case .agent: "files are synced into \(containers) through the agent that runs there"
        case .ephemeral:
            "files are synced into \(containers) through an ephemeral container with an agent, which is made in each Pod "
                + "and stays there (built to the documentation, not seen running)"
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
