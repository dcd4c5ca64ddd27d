// SPDX-License-Identifier: Apache-2.0

import Hashing
import LoopEngine
import PodSync
import SyncProtocol

/// Which of the program, its libraries and its resources a container needs beside what its image has.
struct ProgramFiles {
    /// With those that it may have already: the plan of the set leaves them out.
    private(set) var needed: [SyncFile] = []
    /// Whether a library or a resource that is needed is not there yet: the program has to start again.
    private(set) var isChanged = false

    /// - Parameter state: what the container's record says.
    init(_ set: SyncSet, state: ContainerState, _ digests: FileDigests) throws {
        var entry: SyncFile?
        var beside: [SyncFile] = []
        for file in set.files where file.isEntry || file.companion != nil {
            let described = try digests.describe(file)
            let isUnknown = state.files[file.destination] == nil
            guard let companion = file.companion else {
                entry = described
                // The image already holds what it was made from; only a newer program is brought.
                if !isUnknown || state.executable != described.digest { needed.append(described) }
                continue
            }
            // The image's copy is in its place, unless one was synced before.
            let isInImage = isUnknown && companion.imageDigest == described.digest.hex
            if !isInImage {
                isChanged = isChanged || state.files[file.destination]?.digest != described.digest.bytes
                needed.append(described)
            } else if companion.isBeside {
                beside.append(described)
            }
        }
        guard !needed.isEmpty else { return }
        // A program that was synced looks for these beside itself, and they for the program that belongs to them.
        needed += beside
        if let entry, !needed.contains(where: \.isEntry) { needed.append(entry) }
    }
}
