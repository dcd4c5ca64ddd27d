// SPDX-License-Identifier: Apache-2.0

import CAgent

/// What we put into this container: the truth that survives the process (design D11).
struct Record {
    /// Id of the last set that was committed.
    var set: UInt64 = 0
    /// A set was applied in part and could not be undone.
    var isDirty = false
    /// Sorted by path; paths are unique.
    private(set) var entries: [RecordEntry] = []

    /// The file that runs in place of the container's own executable.
    var entryFile: RecordEntry? { entries.first { $0.isEntry } }

    func entry(_ path: Bytes) -> RecordEntry? {
        let index = position(of: path)
        return index < entries.count && entries[index].path == path ? entries[index] : nil
    }

    /// The record after a set: some paths gone, some new or changed. Both are few beside a scan of what stays.
    func replacing(_ gone: [Bytes], with changed: [RecordEntry], set: UInt64) -> Record {
        let leaving = gone.sorted(by: precedes)
        let coming = changed.sorted { precedes($0.path, $1.path) }
        let hasEntry = coming.contains { $0.isEntry }
        var next = Record(set: set)
        next.entries.reserveCapacity(entries.count + coming.count)
        var leavingIndex = 0
        var comingIndex = 0
        for var entry in entries {
            while comingIndex < coming.count, precedes(coming[comingIndex].path, entry.path) {
                next.entries.append(coming[comingIndex])
                comingIndex += 1
            }
            if comingIndex < coming.count, coming[comingIndex].path == entry.path { continue }
            while leavingIndex < leaving.count, precedes(leaving[leavingIndex], entry.path) { leavingIndex += 1 }
            if leavingIndex < leaving.count, leaving[leavingIndex] == entry.path { continue }
            // There is one entry executable: a new one takes the role from the old.
            if hasEntry { entry.isEntry = false }
            next.entries.append(entry)
        }
        next.entries.append(contentsOf: coming[comingIndex...])
        return next
    }

    /// Keeps what `isTrue` says is on disk as recorded.
    mutating func keep(where isTrue: (RecordEntry) -> Bool) { entries = entries.filter(isTrue) }

    private func position(of path: Bytes) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(entries[middle].path, path) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Record {
    private static let name: StaticString = "record"
    private static let magic: UInt32 = 0x3152_4C44

    init(set: UInt64) { self.set = set }

    /// Replaces the record on disk in one step. The one before it keeps the other name, and is written over the next time: a
    /// new file for each set would be among the dearest parts of a small one.
    func save(in tree: FileTree, crc: CRC32) throws(Fault) {
        var writer = ByteWriter()
        writer.u32(Self.magic)
        writer.u64(set)
        writer.flag(isDirty)
        writer.u32(UInt32(truncatingIfNeeded: entries.count))
        for entry in entries { entry.write(to: &writer) }
        writer.u32(crc.checksum(writer.bytes))
        let spare = text("record.new")
        let name = text(Self.name)
        var descriptor = tree.own.openAgain(spare)
        if descriptor < 0 {
            tree.own.unlink(spare)
            descriptor = tree.own.create(spare)
        }
        guard descriptor >= 0 else { throw Fault(.io, errno: -descriptor, place: tree.appPath) }
        var result = writer.bytes.withUnsafeBytes { dl_write_all(descriptor, $0.baseAddress, $0.count) }
        if result == 0 { result = dl_cut(descriptor, UInt64(writer.bytes.count)) }
        _ = dl_close(descriptor)
        if result == 0, tree.own.exchange(spare, with: tree.own, name) != 0 {
            // It is the first one, or the file system cannot exchange names.
            result = tree.own.rename(spare, to: tree.own, name)
        }
        guard result == 0 else {
            tree.own.unlink(spare)
            throw Fault(.io, errno: -result, place: tree.appPath)
        }
    }

    /// The record on disk; an empty one when there is none or it is damaged: then nothing is ours.
    static func load(from tree: FileTree, crc: CRC32, scratch: Scratch) -> Record {
        let descriptor = tree.own.openFile(text(name))
        guard descriptor >= 0 else { return Record() }
        defer { _ = dl_close(descriptor) }
        var content: Bytes = []
        while true {
            let count = dl_read(descriptor, scratch.base, scratch.size)
            guard count > 0 else { break }
            content.append(contentsOf: UnsafeRawBufferPointer(start: scratch.base, count: count))
        }
        guard content.count > 4 else { return Record() }
        let body = Bytes(content.dropLast(4))
        var tail = ByteReader(Bytes(content.suffix(4)))
        guard tail.u32() == crc.checksum(body) else { return Record() }
        var reader = ByteReader(body)
        guard reader.u32() == magic else { return Record() }
        var record = Record(set: reader.u64())
        record.isDirty = reader.flag()
        for _ in 0..<reader.count(ofItemsOfAtLeast: RecordEntry.minimumSize) {
            record.entries.append(RecordEntry(from: &reader))
        }
        return reader.isComplete ? record : Record()
    }
}
