// SPDX-License-Identifier: Apache-2.0

import DevloopCore
package import Hashing
package import SyncProtocol

/// What a container should have after one transaction.
///
/// It names the wanted state of the paths it mentions; what the container already has is not sent again.
package struct ChangeSet: Sendable {
    /// A path that should no longer be there.
    package struct Deletion: Sendable, Hashable {
        package var path: String
        /// Digest of the copy that came with the image; without it only files that were synced are deleted.
        package var imageDigest: ContentDigest?

        package init(path: String, imageDigest: ContentDigest? = nil) {
            self.path = path
            self.imageDigest = imageDigest
        }
    }

    package var files: [SyncFile]
    package var deletions: [Deletion]
    /// What happens to the app. A set that changes nothing does nothing, except with `always`.
    package var restart: RestartRule
    /// From SIGTERM to SIGKILL; nil leaves the agent's setting.
    package var grace: Duration?
    /// Replaces the readiness check that the agent was started with; nil leaves it.
    package var probe: ReadinessProbe?
    /// When the app ends within 10 s of the set, the files before it are put back and run again.
    package var rollsBack: Bool

    package init(
        files: [SyncFile] = [],
        deletions: [Deletion] = [],
        restart: RestartRule = .ifEntryChanged,
        grace: Duration? = nil,
        probe: ReadinessProbe? = nil,
        rollsBack: Bool = false
    ) {
        self.files = files
        self.deletions = deletions
        self.restart = restart
        self.grace = grace
        self.probe = probe
        self.rollsBack = rollsBack
    }

    /// True when every path of the other set is mentioned here too: then the other one need not be applied.
    func covers(_ other: ChangeSet) -> Bool {
        let paths = Set((files.map(\.destination) + deletions.map(\.path)).map(ExactPath.init))
        guard other.restart == .never || other.restart == restart else { return false }
        return other.files.allSatisfy { paths.contains(ExactPath($0.destination)) }
            && other.deletions.allSatisfy { paths.contains(ExactPath($0.path)) }
    }
}
