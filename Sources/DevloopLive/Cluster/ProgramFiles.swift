// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
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

    init() {}

    /// A built file that is not there any more, such as after its build folder was removed; nil when all are.
    /// - Throws: code `.sync` when the container does not run the program that was built: nobody could bring it there.
    static func missing(of set: SyncSet, state: ContainerState) throws -> String? {
        let program = set.files.filter { $0.isEntry || $0.companion != nil }
        guard let gone = program.first(where: { access($0.source, F_OK) != 0 }) else { return nil }
        let entry = program.first(where: \.isEntry)
        guard let digest = entry?.digest, state.executable?.hex == digest else {
            throw DevloopError(
                .sync, "\(gone.source) is gone, and the container does not have it",
                hint: "the next save of a source builds it again")
        }
        return gone.source
    }

    /// - Parameter state: what the container's record says.
    init(_ set: SyncSet, state: ContainerState, _ digests: FileDigests) async throws {
        var entry: SyncFile?
        var beside: [SyncFile] = []
        let program = set.files.filter { $0.isEntry || $0.companion != nil }
        for (file, described) in zip(program, try await digests.describe(program)) {
            let isUnknown = state.file(file.destination) == nil
            guard let companion = file.companion else {
                entry = described
                // The image already holds what it was made from; only a newer program is brought.
                if !isUnknown || state.executable != described.digest { needed.append(described) }
                continue
            }
            // The image's copy is in its place, unless one was synced before.
            let isInImage = isUnknown && companion.imageDigest == described.digest.hex
            if !isInImage {
                isChanged = isChanged || state.file(file.destination)?.digest != described.digest.bytes
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
