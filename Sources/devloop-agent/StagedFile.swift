// SPDX-License-Identifier: Apache-2.0

import CAgent

/// The new content of one entry, on its way in.
final class StagedFile {
    let entry: SetEntry
    let index: UInt32
    let folder: Folder
    private(set) var name: Bytes
    private(set) var written: UInt64 = 0
    private var descriptor: Int32
    private var base: Int32 = -1
    private var digest = Digest()
    /// The path that a link is to hold; nil for a file.
    private var target: Bytes?

    /// Creates the temporary file and reserves its space, so that a full disk is known at once.
    init(_ entry: SetEntry, index: UInt32, name: Bytes, tree: FileTree) throws(Fault) {
        self.entry = entry
        self.index = index
        self.name = name
        folder = try tree.stageFolder(for: entry.path)
        if entry.isLink {
            descriptor = -1
            target = []
            return
        }
        descriptor = folder.create(name)
        guard descriptor >= 0 else { throw Fault(.io, errno: -descriptor, place: entry.path) }
        if entry.size > 1 << 16 {
            let result = dl_reserve(descriptor, entry.size)
            guard result == 0 else { throw fail(result) }
        }
        guard case .patch(let path, _) = entry.content else { return }
        guard let place = try tree.locate(path) else {
            discard()
            throw Fault(.baseMismatch, place: path)
        }
        base = place.folder.openFile(place.name)
        guard base >= 0 else {
            discard()
            throw Fault(.baseMismatch, errno: -base, place: path)
        }
    }

    /// Goes on with what has come before: reads it from the disk, so that the digest proves what is there and not what
    /// was once written.
    init(
        resuming part: StagedFile, _ entry: SetEntry, index: UInt32, from offset: UInt64, scratch: Scratch
    ) throws(Fault) {
        self.entry = entry
        self.index = index
        folder = part.folder
        name = part.name
        descriptor = folder.openAgain(name)
        guard descriptor >= 0 else { throw Fault(.baseMismatch, errno: -descriptor, place: entry.path) }
        while written < offset {
            let count = dl_read_at(
                descriptor, scratch.base, min(scratch.size, Int(min(offset - written, UInt64(Int.max)))), written)
            guard count > 0 else { throw Fault(.baseMismatch, errno: Int32(-count), place: entry.path) }
            digest.add(UnsafeRawBufferPointer(start: scratch.base, count: count))
            written += UInt64(count)
        }
        let result = dl_seek(descriptor, offset)
        guard result == 0 else { throw fail(result) }
    }

    deinit { close() }

    /// Closes it under another name, for a set that goes on with it; false when nothing is worth keeping.
    func park(as newName: Bytes) -> Bool {
        close()
        guard target == nil, written > 0, folder.rename(name, to: folder, newName) == 0 else { return false }
        name = newName
        return true
    }

    var isComplete: Bool { written == entry.size }

    func append(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        guard UInt64(bytes.count) <= entry.size - written else { throw mismatch() }
        if target != nil {
            target?.append(contentsOf: bytes)
        } else {
            let result = dl_write_all(descriptor, bytes.baseAddress, bytes.count)
            guard result == 0 else { throw fail(result) }
        }
        digest.add(bytes)
        written += UInt64(bytes.count)
    }

    /// Takes a range of the base.
    func copy(from offset: UInt64, length: UInt32, scratch: Scratch) throws(Fault) {
        guard base >= 0 else { throw Fault(.badMessage, place: entry.path) }
        var position = offset
        var rest = Int(length)
        while rest > 0 {
            let count = dl_read_at(base, scratch.base, min(rest, scratch.size), position)
            guard count > 0 else { throw Fault(.baseMismatch, errno: Int32(-count), place: entry.path) }
            try append(UnsafeRawBufferPointer(start: scratch.base, count: count))
            position += UInt64(count)
            rest -= count
        }
    }

    /// Proves the content and gives the file its mode; it is then ready to be renamed.
    func seal() throws(Fault) -> dl_file_info {
        guard isComplete, digest.finish() == entry.digest else { throw mismatch() }
        if let target { return try makeLink(target) }
        var result = dl_set_mode(descriptor, UInt32(entry.mode))
        var info = dl_file_info()
        if result == 0 { result = dl_info_of(descriptor, &info) }
        guard result == 0 else { throw fail(result) }
        close()
        return info
    }

    /// Nothing is ever written through it: every folder on the way to a destination is opened without following links.
    private func makeLink(_ target: Bytes) throws(Fault) -> dl_file_info {
        if let problem = LinkRules.problem(with: target, at: entry.path) {
            throw Fault(.badLink, errno: Int32(problem.rawValue), place: entry.path)
        }
        let result = folder.makeLink(name, to: target)
        guard result == 0 else { throw fail(result) }
        return dl_file_info()
    }

    /// Removes the temporary file.
    func discard() {
        close()
        folder.unlink(name)
    }

    private func close() {
        if descriptor >= 0 { _ = dl_close(descriptor) }
        if base >= 0 { _ = dl_close(base) }
        descriptor = -1
        base = -1
    }

    private func mismatch() -> Fault {
        if case .patch = entry.content { return Fault(.baseMismatch, place: entry.path) }
        return Fault(.digestMismatch, place: entry.path)
    }

    private func fail(_ result: Int32) -> Fault {
        discard()
        return Fault(.io, errno: -result, place: entry.path)
    }
}
