// SPDX-License-Identifier: Apache-2.0

import DevloopCore

extension WatchCore {
    /// Replaces the roots: what is no longer below one is forgotten, what is new is watched.
    /// - Throws: ``DevloopError`` for a root that is not absolute, or broken ignore rules.
    mutating func setRoots(_ paths: [String], at now: ContinuousClock.Instant) throws {
        var new: [RootIgnore] = []
        for path in paths {
            let root = try Self.normalized(path)
            if !new.contains(where: { $0.isRoot(root) }) { new.append(try RootIgnore(root: root, ignore: ignore)) }
        }
        roots = new
        for (watch, folder) in folders {
            for name in folder.names where !isNeeded(name) { drop(watch, path: name.path) }
        }
        let kept = roots
        ledger.forget { path in !kept.contains { $0.isRoot(path) || isBelow(path, $0.root) } }
        dirty = dirty.filter { path in kept.contains { $0.isRoot(path.text) || isBelow(path.text, $0.root) } }
        unwatched = unwatched.filter { path in kept.contains { $0.isRoot(path.text) || isBelow(path.text, $0.root) } }
        for root in roots { arm(root, .first, at: now) }
        warnUnwatched(at: now)
    }

    /// Watches a root, or the nearest folder in which it may appear.
    mutating func arm(_ root: RootIgnore, _ scan: Scan, at now: ContinuousClock.Instant) {
        if FolderReader.isFolder(root.root) {
            addTree(root.root, root, scan, at: now)
            // The folder above tells when the root itself is removed and made again.
            watch(parentFolder(root.root), isRecursive: false, scan)
            return
        }
        let above = Self.nearestFolder(above: root.root)
        watch(above, isRecursive: false, scan)
        // What came between the look and the watch has no event: it is seen by looking again.
        if FolderReader.isFolder(root.root) || Self.nearestFolder(above: root.root) != above {
            return arm(root, scan, at: now)
        }
        if FolderReader.kind(root.root) == .file { look(root.root, scan, at: now) }
    }

    /// The deepest folder on the way to a path that is there.
    private static func nearestFolder(above path: String) -> String {
        var above = parentFolder(path)
        while !FolderReader.isFolder(above), above != "/" { above = parentFolder(above) }
        return above
    }

    /// Watches a folder with everything below it that is not ignored, then looks at what is in it. In that order, so
    /// that a file made between the two is seen by one of them.
    mutating func addTree(_ folder: String, _ root: RootIgnore, _ scan: Scan, at now: ContinuousClock.Instant) {
        var waiting = [folder]
        while let next = waiting.popLast() {
            watch(next, isRecursive: true, scan)
            guard let entries = FolderReader.entries(next) else { continue }
            for (name, kind) in entries {
                let path = child(next, name)
                switch kind {
                case .folder:
                    let isKnown = watches[ExactPath(path)] != nil
                    if isKnown || !root.isIgnored(path, name: name, isDirectory: true) { waiting.append(path) }
                case .file:
                    let isKnown = ledger.isKnown(path)
                    if isKnown || !root.isIgnored(path, name: name, isDirectory: false) { look(path, scan, at: now) }
                }
            }
        }
    }

    /// Looks at all files again, after events were lost or while folders have no watch.
    mutating func rescan(at now: ContinuousClock.Instant) {
        for (path, watch) in watches where !FolderReader.isFolder(path.text) { drop(watch, path: path.text) }
        for root in roots { arm(root, .changes, at: now) }
        for path in Array(ledger.entries.keys) where FileStamp(path.text) == nil { mark(path.text, at: now) }
        isRescanned = true
    }

    /// Reads the ignore rules again and looks for what they no longer ignore.
    mutating func refreshRules(at now: ContinuousClock.Instant) {
        roots = roots.map { (try? RootIgnore(root: $0.root, ignore: ignore)) ?? $0 }
        for root in roots { arm(root, .changes, at: now) }
    }

    private mutating func look(_ path: String, _ scan: Scan, at now: ContinuousClock.Instant) {
        guard let stamp = FileStamp(path) else { return }
        if let known = ledger.stamp(path) {
            if known != stamp, scan == .changes { mark(path, at: now) }
        } else if scan == .first {
            ledger.found(path, stamp)
        } else {
            mark(path, at: now)
        }
    }

    private mutating func watch(_ path: String, isRecursive: Bool, _ scan: Scan) {
        let exact = ExactPath(path)
        var isRecursive = isRecursive
        if let known = watches[exact], folders[known] != nil {
            let index = folders[known]?.names.firstIndex { $0.exact == exact }
            if let index, isRecursive { folders[known]?.names[index].isRecursive = true }
            // Its removal may be among the events that were lost, or still wait to be read: another folder would then be
            // in its place, without a watch.
            guard scan == .changes, events.watch(path) != .watching(known) else { return }
            if let index { isRecursive = isRecursive || folders[known]?.names[index].isRecursive == true }
            drop(known, path: path)
        }
        guard folders.count < watchLimit else {
            unwatched.insert(exact)
            return
        }
        switch events.watch(path) {
        case .limitReached: unwatched.insert(exact)
        // A folder that has gone meanwhile needs no watch; one that may not be read can have none.
        case .gone: return
        case .watching(let watch):
            unwatched.remove(exact)
            watches[exact] = watch
            folders[watch, default: Folder(names: [])].names.append(
                Folder.Name(exact: exact, isRecursive: isRecursive))
        }
    }

    /// Gives up one name of a watch, and the watch with the last of them.
    mutating func drop(_ watch: Int32, path: String) {
        let exact = ExactPath(path)
        folders[watch]?.names.removeAll { $0.exact == exact }
        if watches[exact] == watch { watches[exact] = nil }
        guard let folder = folders[watch], folder.names.isEmpty else { return }
        folders[watch] = nil
        events.unwatch(watch)
    }

    /// Gives up a folder that was removed or moved away, with all below; its files are to be looked at.
    mutating func dropTree(_ folder: String, at now: ContinuousClock.Instant) {
        let exact = ExactPath(folder)
        for (path, watch) in watches where path == exact || isBelow(path.text, folder) { drop(watch, path: path.text) }
        unwatched = unwatched.filter { $0 != exact && !isBelow($0.text, folder) }
        for path in ledger.files(below: folder) { mark(path, at: now) }
    }

    private func isNeeded(_ name: Folder.Name) -> Bool {
        roots.contains { root in
            if root.isRoot(name.path) || isBelow(name.path, root.root) { return name.isRecursive }
            return !name.isRecursive && isBelow(root.root, name.path)
        }
    }

    /// Tells once that folders have no watch, and looks at them by the clock from then on.
    mutating func warnUnwatched(at now: ContinuousClock.Instant) {
        guard !unwatched.isEmpty else {
            pollDue = nil
            return
        }
        guard pollDue == nil else { return }
        pollDue = now + Self.pollInterval
        let trouble = FolderTrouble.unwatched(needed: folders.count + unwatched.count, missing: unwatched.count)
        warnings.append(events.warning(trouble))
    }

    /// How often everything is looked at while folders have no watch.
    static let pollInterval = Duration.seconds(1)

    /// An absolute path without empty, `.` and `..` parts and without a slash at its end.
    static func normalized(_ path: String) throws -> String {
        guard path.hasPrefix("/") else {
            throw DevloopError(.file, "cannot watch '\(path)': the path is not absolute")
        }
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
