// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The sync stream to one live container, and what the container was last proved to have.
struct Attachment {
    var pod: PodStatus
    var container: String
    /// Ref of the image whose desired set it follows.
    var image: String
    /// An init container has brought the agent.
    var isInjected = false
    /// For a container that devloop has not rendered: how files come into it.
    var foreign: ContainerWay?
    var isConnected = false
    /// The stream broke, and the container is believed to run on: it is opened again, and nothing is made anew for it.
    var isReconnecting = false
    /// What was told last about a way to the container that is broken.
    var toldTrouble: String?
    /// Counts streams, so that the end of an old one is not taken for the end of the new one.
    var streams = 0
    /// Version of the image's desired set that was committed here; nil before the first comparison.
    var version: Int?
    /// Version up to which files were deleted and commands of `run` steps executed; nil for none. A stream that is
    /// opened again to the same container does not repeat them.
    var ran: Int?
    /// Why the container does not run as it should, though it has the files; the next set may mend it.
    var trouble: Trouble?
    /// Version that it should have.
    var wanted: Int
    var task: Task<Void, Never>?
    /// Wakes the attachment's loop.
    var signal: AsyncStream<Void>.Continuation

    struct Trouble: Equatable {
        var message: String
        var hint: String?
        /// The app has ended: only its next start mends it.
        var isOfApp = false
    }

    /// The word of `sync.started`.
    var way: String { foreign?.name ?? (isInjected ? "injected" : "built-in") }

    /// Whether a change will come to the container by itself; not when its agent was given up.
    var isFollowed: Bool { isConnected || isReconnecting || trouble == nil }

    /// A newer version than the wanted one is fine: the image's set may have grown while it was sent.
    var isCurrent: Bool { version.map { $0 >= wanted } ?? false }

    /// Whether the container has what it should, and runs as it should.
    var isSettled: Bool { isCurrent && trouble == nil }

    /// A restarted container is a new one: its id is part of the key.
    static func key(_ pod: PodStatus, _ container: PodStatus.Container) -> String {
        "\(pod.uid)/\(container.name)/\(container.id)"
    }
}
