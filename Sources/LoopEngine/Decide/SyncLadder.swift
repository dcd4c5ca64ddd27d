// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What is tried after files could not be brought into a container; pure. Each step is told with the cause.
package enum SyncLadder {
    /// What stands behind the stream to the container.
    package enum Behind: Sendable, Equatable {
        /// An image with what has changed.
        case image
        /// The command that has deployed the container; it has not run for this save yet.
        case command
        /// Nothing that would be another one.
        case nothing
    }

    package enum Step: String, Sendable, Equatable {
        /// Another session has the agent.
        case owner = "asked again every 2 s"
        /// Nobody can take back what the container has.
        case pod = "its Pod is made anew"
        /// The Pod is looked up, the stream opened, the container compared, and all that differs is sent.
        case stream = "the stream is opened again"
        case image = "a new image"
        case command = "apply_cmd"
        case save = "the next save"
        case later = "tried again in 10 s"

        /// Whether the stream is believed to come back by itself.
        package var isReconnecting: Bool { self == .owner || self == .stream }
    }

    /// Streams that may fail one after the other before something else is tried.
    package static let streams = 3

    /// - Parameter failures: how often it has failed in a row, with this time.
    package static func step(after code: DevloopError.Code, failures: Int, behind: Behind) -> Step {
        switch code {
        case .syncBusy: return .owner
        case .syncLeftover: return .pod
        // While nobody answers, an image could not be brought there either.
        case .clusterUnreachable: return .stream
        default: break
        }
        let isImpossible = code == .syncImpossible
        if !isImpossible, failures <= streams { return .stream }
        switch behind {
        case .image: return .image
        case .command: return .command
        case .nothing: return isImpossible ? .save : .later
        }
    }
}
