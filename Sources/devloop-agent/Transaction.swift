// SPDX-License-Identifier: Apache-2.0

import CAgent

/// One change set from `begin` to `commit`: nothing but temporary files exists until all of it has been proved.
///
/// Nothing is synced to the disk: that would cost 2 ms for a small set and 50 ms for 30 MB. Only a crash of the node could
/// make a difference, and after it the agent hashes every recorded file anyway before it believes its record.
final class Transaction {
    let header: SetHeader
    private(set) var entries: [SetEntry] = []
    private(set) var deletions: [SetDeletion] = []
    /// Content bytes taken in, copies included; and how many of them the host knows of.
    private(set) var taken: UInt64 = 0
    var acknowledged: UInt64 = 0
    /// Sealed files, in the order of the entries that have content.
    private(set) var sealed: [StagedFile] = []
    /// The inode of the new entry executable.
    private(set) var entryInfo: dl_file_info?
    private var current: StagedFile?
    /// The entry whose content is next.
    private var next = 0
    let tree: FileTree
    private let parts: Parts
    private let scratch: Scratch

    /// - Parameter parts: of a set that was cut; they go on with this one or go.
    init(_ header: SetHeader, tree: FileTree, parts: Parts, scratch: Scratch) {
        self.header = header
        self.tree = tree
        self.parts = parts
        self.scratch = scratch
        tree.forget()
        if header.entryCount == 0 { parts.discard() }
    }

    func add(_ page: [SetEntry], record: Record) throws(Fault) {
        guard entries.count + page.count <= Int(header.entryCount) else { throw Fault(.badMessage) }
        for entry in page {
            try check(entry.path)
            guard entry.size <= SyncLimits.maximumFileSize else { throw Fault(.badMessage) }
            if entry.isLink {
                guard entry.size <= UInt64(SyncLimits.maximumLink), entry.content == .data, !entry.isEntry else {
                    throw Fault(.badLink, errno: Int32(LinkRules.Problem.tooLong.rawValue), place: entry.path)
                }
            } else {
                guard entry.mode & ~0o777 == 0 else { throw Fault(.badMessage) }
            }
            switch entry.content {
            case .data: break
            case .keep:
                guard let known = record.entry(entry.path), known.digest == entry.digest, !known.isLink else {
                    throw Fault(.baseMismatch, place: entry.path)
                }
            case .patch(let base, let digest):
                if let known = record.entry(base) {
                    guard known.digest == digest, !known.isLink else { throw Fault(.baseMismatch, place: base) }
                } else if base != entry.path {
                    // Only its own place may hold a copy that came with the image; the digest of the outcome proves it.
                    throw Fault(.baseMismatch, place: base)
                }
            case .resume(let offset):
                guard offset <= entry.size, !entry.isLink, parts.has(entry, offset) else {
                    throw Fault(.baseMismatch, place: entry.path)
                }
            }
            entries.append(entry)
        }
        // Space for the new files.
        if entries.count == Int(header.entryCount) { parts.keep(for: entries) }
    }

    func add(_ page: [SetDeletion]) throws(Fault) {
        guard deletions.count + page.count <= Int(header.deletionCount) else { throw Fault(.badMessage) }
        for deletion in page {
            try check(deletion.path)
            deletions.append(deletion)
        }
    }

    private func check(_ path: Bytes) throws(Fault) {
        guard let problem = PathRules.problem(with: path) else { return }
        throw Fault(.badPath, errno: Int32(problem.rawValue), place: path)
    }

    func data(file: UInt32, _ bytes: UnsafeRawBufferPointer) throws(Fault) {
        try select(file).append(bytes)
        taken += UInt64(bytes.count)
    }

    func copy(file: UInt32, offset: UInt64, length: UInt32, scratch: Scratch) throws(Fault) {
        guard Int(length) <= SyncLimits.copyRange else { throw Fault(.badMessage) }
        try select(file).copy(from: offset, length: length, scratch: scratch)
        taken += UInt64(length)
    }

    /// Seals the last file; true when all that was announced has come.
    func finishContent() throws(Fault) {
        guard entries.count == Int(header.entryCount), deletions.count == Int(header.deletionCount) else {
            throw Fault(.badMessage)
        }
        try sealCurrent()
        try skipToContent(before: entries.count)
        guard next == entries.count else { throw Fault(.badMessage) }
    }

    /// Removes every temporary file.
    func discard() {
        current?.discard()
        current = nil
        for file in sealed { file.discard() }
        sealed = []
        parts.discard()
        tree.forget()
    }

    /// What has come so far, for a set that goes on with it. The transaction is over.
    /// - Parameter number: of the next name; none is ever used twice.
    func park(_ number: inout UInt64) -> [StagedFile] {
        var kept: [StagedFile] = parts.rest
        for file in sealed + (current.map { [$0] } ?? []) {
            number += 1
            let name = PathRules.ownFolder + text("-part-") + decimal(number)
            if file.park(as: name) { kept.append(file) } else { file.discard() }
        }
        current = nil
        sealed = []
        tree.forget()
        return kept
    }

    /// The file that the next bytes belong to. Files come whole and in order.
    private func select(_ file: UInt32) throws(Fault) -> StagedFile {
        if let current, current.index == file { return current }
        try sealCurrent()
        try skipToContent(before: Int(file))
        guard next == Int(file), next < entries.count, entries[next].content != .keep else { throw Fault(.badMessage) }
        return try open(next)
    }

    /// Steps over entries without content frames: kept ones, and empty files.
    private func skipToContent(before end: Int) throws(Fault) {
        while next < min(end, entries.count) {
            if entries[next].content == .keep {
                next += 1
            } else if entries[next].size == 0 || isWhole(entries[next]) {
                _ = try open(next)
                try sealCurrent()
            } else {
                throw Fault(.digestMismatch, place: entries[next].path)
            }
        }
    }

    /// True when all of it came with a set that was cut.
    private func isWhole(_ entry: SetEntry) -> Bool {
        if case .resume(let offset) = entry.content { return offset == entry.size }
        return false
    }

    private func open(_ index: Int) throws(Fault) -> StagedFile {
        if case .resume(let offset) = entries[index].content {
            guard let part = parts.take(entries[index], offset) else {
                throw Fault(.baseMismatch, place: entries[index].path)
            }
            let file: StagedFile
            do throws(Fault) {
                file = try StagedFile(
                    resuming: part, entries[index], index: UInt32(index), from: offset, scratch: scratch)
            } catch {
                part.discard()
                throw error
            }
            current = file
            return file
        }
        var name = PathRules.ownFolder
        name.append(contentsOf: text("-"))
        name.append(contentsOf: decimal(header.set))
        name.append(contentsOf: text("-"))
        name.append(contentsOf: decimal(UInt64(index)))
        let file = try StagedFile(entries[index], index: UInt32(index), name: name, tree: tree)
        current = file
        return file
    }

    private func sealCurrent() throws(Fault) {
        guard let file = current else { return }
        let info = try file.seal()
        if file.entry.isEntry { entryInfo = info }
        sealed.append(file)
        current = nil
        next = Int(file.index) + 1
    }
}
