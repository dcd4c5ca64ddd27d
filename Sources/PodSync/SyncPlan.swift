// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Hashing
import SyncProtocol

/// The difference between what a set wants and what the container has.
struct SyncPlan {
    /// Index into the set's files, for entries with content; the order of frames.
    struct Item {
        var entry: SetEntry
        var file: Int
    }

    /// Bytes of a file from which on its first change is sent as differences to the image's copy. A smaller one is as quick
    /// as a whole, and a guess that is wrong costs a round.
    static let leastImageCopy: UInt64 = 1 << 20

    private(set) var items: [Item] = []
    private(set) var deletions: [SetDeletion] = []
    private(set) var unchanged = 0

    /// - Parameters:
    ///   - trustsContent: false after what the container has turned out to be other than its record says.
    ///   - canPatch: true when this content is known block by block.
    init(
        _ set: ChangeSet, state: ContainerState, trustsContent: Bool = true, canPatch: (ContentDigest) -> Bool
    ) {
        var owners: [ContentDigest: ExactPath] = [:]
        if !state.isDirty, trustsContent {
            for (path, entry) in state.files where !entry.isLink {
                if let digest = ContentDigest(bytes: entry.digest) { owners[digest] = path }
            }
        }
        for (index, file) in set.files.enumerated() {
            let known = state.isDirty ? nil : state.file(file.destination)
            let hasContent = known?.digest == file.digest.bytes && known?.isLink == file.isLink
            if let known, hasContent, known.mode == file.mode, known.isEntry == file.isEntry {
                unchanged += 1
                continue
            }
            let content: SetEntry.Content
            if hasContent {
                content = .keep
            } else if file.isLink {
                content = .data
            } else if file.size > 0, let owner = owners[file.digest] {
                content = .patch(base: Array(owner.text.utf8), digest: file.digest.bytes)
            } else if let known, trustsContent, !known.isLink, file.size > UInt64(BlockSignature.blockSize),
                let digest = ContentDigest(bytes: known.digest), canPatch(digest)
            {
                // Of a single block nothing could be kept.
                content = .patch(base: known.path, digest: known.digest)
            } else if known == nil, !state.isDirty, trustsContent, file.size >= Self.leastImageCopy,
                let copy = file.imageCopy, canPatch(copy)
            {
                // Not in the record: the agent takes the blocks from what it finds there, and the digest of the whole file
                // tells whether they were the right ones.
                content = .patch(base: Array(file.destination.utf8), digest: copy.bytes)
            } else if let start = Self.start(file, state) {
                content = .resume(from: start)
            } else {
                content = .data
            }
            let entry = SetEntry(
                path: Array(file.destination.utf8), size: file.size, mode: file.mode, digest: file.digest.bytes,
                isEntry: file.isEntry, content: content)
            items.append(Item(entry: entry, file: index))
        }
        let wanted = Set(set.files.map { ExactPath($0.destination) })
        for deletion in set.deletions where !wanted.contains(ExactPath(deletion.path)) {
            guard state.isDirty || state.file(deletion.path) != nil || deletion.imageDigest != nil else { continue }
            deletions.append(
                SetDeletion(path: Array(deletion.path.utf8), imageDigest: deletion.imageDigest?.bytes ?? []))
        }
    }

    /// Where to go on with a file that a set which was cut has brought in part; nil when there is nothing of it.
    private static func start(_ file: SyncFile, _ state: ContainerState) -> UInt64? {
        guard let part = state.parts[ExactPath(file.destination)], part.digest == file.digest.bytes,
            part.size <= file.size
        else { return nil }
        let blockSize = UInt64(BlockSignature.blockSize)
        let start = part.size == file.size ? part.size : part.size / blockSize * blockSize
        return start > 0 ? start : nil
    }

    var isEmpty: Bool { items.isEmpty && deletions.isEmpty }
}
