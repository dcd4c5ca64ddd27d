// SPDX-License-Identifier: Apache-2.0

import CAgent

/// Moves the staged files of a proved set to their places, with an undo for every step.
struct Installation {
    /// One step that was done, as it is undone.
    private enum Step {
        /// Old and new content were exchanged; the old one has the staged name.
        case exchanged(Folder, Bytes, FileTree.Place)
        /// The old file has no name any more.
        case replaced(OldFile, FileTree.Place)
        /// There was nothing before.
        case placed(FileTree.Place)
        /// The old content could not be kept (no exchange on this file system).
        case overwritten
        case setMode(FileTree.Place, UInt32)
        case madeFolder(Bytes)
        case removedFolder(Bytes)
        /// A deleted file waits under another name.
        case movedAway(FileTree.Place, Folder, Bytes)
    }

    private let set: Transaction
    private let tree: FileTree
    private let scratch: Scratch
    /// Where files of the set go.
    private let targets: SortedPaths
    private var steps: [Step] = []
    /// For names of temporary files.
    private var number: UInt64 = 0
    private var keepsOld = false
    /// Paths that were to be deleted and are not ours.
    private(set) var foreign: [Bytes] = []
    /// The record as it is after this set.
    private(set) var record: Record

    init(_ set: Transaction, record: Record, scratch: Scratch) {
        self.set = set
        self.record = record
        self.scratch = scratch
        tree = set.tree
        targets = SortedPaths(set.entries.map { $0.path })
    }

    /// All or nothing. What a failure leaves behind is the state before, or `Fault.Code.dirty` is thrown.
    /// - Parameters:
    ///   - keepsOld: leaves what ``undo()`` needs, until ``cleanUp()``.
    ///   - onStep: called again and again on the way.
    mutating func run(crc: CRC32, keepsOld: Bool, onStep: () -> Void) throws(Fault) {
        self.keepsOld = keepsOld
        // Staging may have been a while ago.
        tree.forget()
        defer { tree.forget() }
        do throws(Fault) {
            let (early, late) = try ownedDeletions()
            var made: [Bytes] = []
            var gone: [Bytes] = []
            for path in early {
                try moveAway(path, &gone)
                onStep()
            }
            for file in set.sealed where !file.entry.isEntry {
                try place(file, &made, &gone)
                onStep()
            }
            for entry in set.entries where entry.content == .keep { try setMode(entry) }
            for file in set.sealed where file.entry.isEntry { try place(file, &made, &gone) }
            for path in late {
                try moveAway(path, &gone)
                onStep()
            }
            removeEmptyFolders(above: early + late, &gone)
            let added = set.entries.map {
                RecordEntry(path: $0.path, digest: $0.digest, size: $0.size, mode: $0.mode, isEntry: $0.isEntry)
            }
            let folders = made.map { RecordEntry(path: $0, digest: [], size: 0, mode: 0o755, isEntry: false) }
            var next = record.replacing(gone, with: added + folders, set: set.header.set)
            next.isDirty = false
            try next.save(in: tree, crc: crc)
            record = next
        } catch {
            guard undo() else {
                set.discard()
                throw Fault(.dirty, errno: error.errno, place: error.place)
            }
            set.discard()
            throw error
        }
        if !keepsOld { cleanUp() }
    }

    /// Removes what is left of the new files after ``undo()``.
    func discard() { set.discard() }

    /// Splits deletions into those in the way of new files and the others; leaves out what is not ours.
    private mutating func ownedDeletions() throws(Fault) -> (early: [Bytes], late: [Bytes]) {
        var early: [Bytes] = []
        var late: [Bytes] = []
        for deletion in set.deletions where !targets.contains(deletion.path) {
            let path = deletion.path
            let known = record.entry(path)
            let isOurs = known.map { !$0.isFolder } ?? false
            let isImages = isOurs ? false : try isImageFile(deletion)
            guard isOurs || isImages else {
                foreign.append(path)
                continue
            }
            if targets.hasAny(below: path) || targets.hasAncestor(of: path) {
                early.append(path)
            } else {
                late.append(path)
            }
        }
        return (early, late)
    }

    /// True when the file is, byte by byte, the one that the host has put into the image.
    private func isImageFile(_ deletion: SetDeletion) throws(Fault) -> Bool {
        guard deletion.imageDigest.count == SyncLimits.digestSize, let place = try tree.locate(deletion.path) else {
            return false
        }
        let descriptor = place.folder.openFile(place.name)
        guard descriptor >= 0 else { return false }
        defer { _ = dl_close(descriptor) }
        return Digest.ofFile(descriptor, scratch) == deletion.imageDigest
    }
}

extension Installation {
    private mutating func place(
        _ file: StagedFile, _ made: inout [Bytes], _ gone: inout [Bytes]
    ) throws(Fault) {
        let path = file.entry.path
        let known = made.count
        let target: FileTree.Place
        do throws(Fault) {
            target = try tree.locate(path, making: &made)
        } catch {
            for folder in made[known...] { steps.append(.madeFolder(folder)) }
            throw error
        }
        for folder in made[known...] { steps.append(.madeFolder(folder)) }
        let folderKind = UInt32(DL_FOLDER)
        if target.folder.kind(target.name) == folderKind {
            removeEmptyFolders(in: path, &gone)
            try removeHollowFolder(target, path)
            if target.folder.kind(target.name) == folderKind {
                throw Fault(.io, errno: Int32(DL_EISDIR), place: path)
            }
        }
        if let old = imageFile(path, at: target) {
            let result = file.folder.rename(file.name, to: target.folder, target.name)
            guard result == 0 else { throw Fault(.io, errno: -result, place: path) }
            steps.append(.replaced(old, target))
            return
        }
        var result = file.folder.exchange(file.name, with: target.folder, target.name)
        if result == 0 {
            steps.append(.exchanged(file.folder, file.name, target))
            return
        }
        let existed = target.folder.kind(target.name) != nil
        result = file.folder.rename(file.name, to: target.folder, target.name)
        guard result == 0 else { throw Fault(.io, errno: -result, place: path) }
        steps.append(existed ? .overwritten : .placed(target))
    }

    /// A file that we have not brought; nil where the set may have to be taken back later.
    private func imageFile(_ path: Bytes, at place: FileTree.Place) -> OldFile? {
        keepsOld || record.entry(path) != nil ? nil : OldFile(place)
    }

    /// A name that nothing else has.
    private mutating func temporaryName(_ word: StaticString) -> Bytes {
        number += 1
        return PathRules.ownFolder + text(word) + decimal(set.header.set) + text("-") + decimal(number)
    }

    private mutating func setMode(_ entry: SetEntry) throws(Fault) {
        guard let target = try tree.locate(entry.path), let info = target.folder.info(target.name) else {
            throw Fault(.baseMismatch, place: entry.path)
        }
        let descriptor = target.folder.openFile(target.name)
        guard descriptor >= 0 else { throw Fault(.io, errno: -descriptor, place: entry.path) }
        defer { _ = dl_close(descriptor) }
        let result = dl_set_mode(descriptor, UInt32(entry.mode))
        guard result == 0 else { throw Fault(.io, errno: -result, place: entry.path) }
        steps.append(.setMode(target, info.mode & 0o777))
    }

    /// A deleted file gets another name first and goes for good only after the record is written.
    private mutating func moveAway(_ path: Bytes, _ gone: inout [Bytes]) throws(Fault) {
        gone.append(path)
        guard let place = try tree.locate(path), let kind = place.folder.kind(place.name) else { return }
        guard kind != UInt32(DL_FOLDER) else { throw Fault(.io, errno: Int32(DL_EISDIR), place: path) }
        if let old = imageFile(path, at: place) {
            let result = place.folder.unlink(place.name)
            guard result == 0 else { throw Fault(.io, errno: -result, place: path) }
            steps.append(.replaced(old, place))
            return
        }
        // Not in a folder of ours, which may have to go itself.
        var outermost = path
        while record.entry(PathRules.parent(of: outermost))?.isFolder == true {
            outermost = PathRules.parent(of: outermost)
        }
        // Nor in one whose place a file is to take.
        if let target = targets.outermostAncestor(of: outermost) { outermost = target }
        let folder = try tree.stageFolder(for: outermost)
        let name = temporaryName("-gone-")
        let result = place.folder.rename(place.name, to: folder, name)
        guard result == 0 else { throw Fault(.io, errno: -result, place: path) }
        steps.append(.movedAway(place, folder, name))
    }

    /// Removes folders of ours that have become empty above these paths.
    private mutating func removeEmptyFolders(above paths: [Bytes], _ gone: inout [Bytes]) {
        for path in paths {
            var folder = PathRules.parent(of: path)
            while !folder.isEmpty, removeFolder(folder, &gone) { folder = PathRules.parent(of: folder) }
        }
    }

    /// Removes a tree of empty folders of ours, the deepest first.
    private mutating func removeEmptyFolders(in path: Bytes, _ gone: inout [Bytes]) {
        let inside = record.entries.filter { $0.isFolder && PathRules.isBelow($0.path, path) }
        for entry in inside.reversed() { _ = removeFolder(entry.path, &gone) }
        _ = removeFolder(path, &gone)
    }

    /// A folder of the image in which nothing but folders is left gives way to the file that a rule puts in its place.
    private mutating func removeHollowFolder(_ place: FileTree.Place, _ path: Bytes) throws(Fault) {
        guard let folder = try place.folder.folder(place.name, path: path) else { return }
        guard let inside = hollow(folder, path) else { return }
        for (place, path) in inside + [(place, path)] {
            let result = place.folder.removeFolder(place.name)
            guard result == 0 else { throw Fault(.io, errno: -result, place: path) }
            tree.forget()
            steps.append(.removedFolder(path))
        }
    }

    /// The folders in a folder, the deepest first; nil when there is anything else.
    private func hollow(_ folder: Folder, _ path: Bytes) -> [(FileTree.Place, Bytes)]? {
        guard let list = dl_list_begin(folder.descriptor) else { return nil }
        var names: [Bytes] = []
        while let name = dl_list_next(list) { names.append(bytes(of: name)) }
        dl_list_end(list)
        var found: [(FileTree.Place, Bytes)] = []
        for name in names {
            let childPath = path + text("/") + name
            guard folder.kind(name) == UInt32(DL_FOLDER), let child = try? folder.folder(name, path: childPath),
                let inside = hollow(child, childPath)
            else { return nil }
            found += inside + [(FileTree.Place(folder: folder, name: name), childPath)]
        }
        return found
    }

    private mutating func removeFolder(_ path: Bytes, _ gone: inout [Bytes]) -> Bool {
        guard let entry = record.entry(path), entry.isFolder else { return false }
        guard let place = try? tree.locate(path), place.folder.removeFolder(place.name) == 0 else { return false }
        tree.forget()
        steps.append(.removedFolder(path))
        gone.append(path)
        return true
    }

    /// Takes back every step, the last first; false when the state before could not be reached.
    mutating func undo() -> Bool {
        var complete = true
        defer { tree.forget() }
        for step in steps.reversed() {
            switch step {
            case .exchanged(let folder, let name, let target):
                if folder.exchange(name, with: target.folder, target.name) != 0 { complete = false }
            case .replaced(let old, let target):
                if !old.restore(to: target, by: temporaryName("-back-"), scratch: scratch) { complete = false }
            case .placed(let target):
                if target.folder.unlink(target.name) != 0 { complete = false }
            case .overwritten: complete = false
            case .setMode(let target, let mode):
                let descriptor = target.folder.openFile(target.name)
                if descriptor < 0 || dl_set_mode(descriptor, mode) != 0 { complete = false }
                if descriptor >= 0 { _ = dl_close(descriptor) }
            case .madeFolder(let path):
                tree.forget()
                if let place = try? tree.locate(path) { _ = place.folder.removeFolder(place.name) }
            case .removedFolder(let path):
                tree.forget()
                var made: [Bytes] = []
                guard let place = try? tree.locate(path, making: &made) else {
                    complete = false
                    continue
                }
                if place.folder.makeFolder(place.name) != 0 { complete = false }
            case .movedAway(let place, let folder, let name):
                if folder.rename(name, to: place.folder, place.name) != 0 { complete = false }
            }
        }
        steps = []
        return complete
    }

    /// Old contents and deleted files go.
    func cleanUp() {
        for step in steps {
            switch step {
            case .exchanged(let folder, let name, _): folder.unlink(name)
            case .movedAway(_, let folder, let name): folder.unlink(name)
            default: continue
            }
        }
    }
}
