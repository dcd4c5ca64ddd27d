// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopCore
import GitState
import Glibc
import Hashing

extension WatchCore {
    /// One event, with its name copied out of the kernel's buffer.
    struct Event {
        var watch: Int32
        var mask: UInt32
        var name: String

        func has(_ bit: Int) -> Bool { mask & UInt32(bit) != 0 }

        /// Events were dropped, nobody knows which.
        static let overflow = Event(watch: -1, mask: UInt32(DL_WATCH_OVERFLOW), name: "")
    }

    /// Takes one event into account.
    mutating func handle(_ event: Event, at now: ContinuousClock.Instant) {
        if event.has(DL_WATCH_OVERFLOW) {
            needsRescan = true
            settle.event(at: now)
            overflows += 1
            if overflows == 1 { warnings.append(Self.overflowWarning) }
            return
        }
        guard let folder = folders[event.watch] else { return }
        for name in folder.names {
            if event.has(DL_WATCH_ENDED) || event.has(DL_WATCH_SELF_MOVED) {
                lost(event.watch, name.path, at: now)
            } else if !event.name.isEmpty {
                let path = child(name.path, event.name)
                if event.has(DL_WATCH_IS_DIRECTORY) {
                    handleFolder(path, in: name, event, at: now)
                } else {
                    handleFile(path, in: name, event, at: now)
                }
            }
        }
    }

    private mutating func handleFile(
        _ path: String, in folder: Folder.Name, _ event: Event, at now: ContinuousClock.Instant
    ) {
        let isRoot = roots.contains { $0.isRoot(path) }
        guard isRoot || folder.isRecursive && isAdmitted(path, isDirectory: false) else { return }
        if event.has(DL_WATCH_WRITTEN) { writing.insert(ExactPath(path)) }
        if event.has(DL_WATCH_CLOSED) || event.has(DL_WATCH_CREATED) || event.has(DL_WATCH_REMOVED) {
            writing.remove(ExactPath(path))
        }
        mark(path, at: now)
    }

    private mutating func handleFolder(
        _ path: String, in folder: Folder.Name, _ event: Event, at now: ContinuousClock.Instant
    ) {
        if event.has(DL_WATCH_REMOVED) { dropTree(path, at: now) }
        guard event.has(DL_WATCH_CREATED) else { return }
        for root in roots {
            if root.isRoot(path) || isBelow(root.root, path) {
                // A root that was missing may be there now.
                arm(root, .changes, at: now)
            } else if folder.isRecursive, isBelow(path, root.root), !root.isIgnored(path, isDirectory: true) {
                addTree(path, root, .changes, at: now)
            }
        }
        warnUnwatched(at: now)
    }

    /// A watched folder is gone. Its parent tells of it as well, except for the highest folder that we watch.
    private mutating func lost(_ watch: Int32, _ path: String, at now: ContinuousClock.Instant) {
        drop(watch, path: path)
        dropTree(path, at: now)
        for root in roots where root.isRoot(path) || isBelow(root.root, path) { arm(root, .changes, at: now) }
    }

    /// Closes the set if it is complete; sets what to wait for if not.
    mutating func close(at now: ContinuousClock.Instant) -> FileChangeSet? {
        if let due = pollDue, now >= due {
            let start = ContinuousClock.now
            rescan(at: now)
            // Never more than a twentieth of the time.
            pollDue = now + max(Self.pollInterval, (ContinuousClock.now - start) * 20)
            if dirty.isEmpty { isRescanned = false }
            if unwatched.isEmpty { pollDue = nil }
        }
        guard let earliest = settle.earliest, now >= earliest else { return nil }
        if let again = settle.closing(condition, at: now) {
            heldUntil = again
            return nil
        }
        if needsRescan {
            needsRescan = false
            rescan(at: now)
        }
        guard let first = settle.first, let last = settle.last else { return nil }
        let changes = takeChanges()
        let isRescan = isRescanned
        settle.reset()
        heldUntil = nil
        isRescanned = false
        if changes.contains(where: { $0.path.hasSuffix("/.gitignore") || $0.path.hasSuffix("/\(WatchIgnore.fileName)") }
        ) {
            refreshRules(at: now)
        }
        guard !changes.isEmpty else { return nil }
        return FileChangeSet(
            changes: changes, firstEvent: first, lastEvent: last, closed: .now, rescanned: isRescan)
    }

    private var condition: SettleRule.Condition {
        var condition = SettleRule.Condition()
        condition.hasOpenWriter = !writing.isEmpty
        condition.hasMissingFile = dirty.contains { ledger.isKnown($0.text) && FileStamp($0.text) == nil }
        condition.isGitChanging = roots.contains { $0.repository?.isChanging() ?? false }
        return condition
    }

    /// Compares every file that had an event with what is known of it.
    private mutating func takeChanges() -> [FileChange] {
        var changes: [FileChange] = []
        for path in dirty.sorted().map(\.text) {
            let kind = ledger.change(path, stamp: FileStamp(path)) { FileStamp.content(path) }
            if let kind { changes.append(FileChange(path: path, kind: kind)) }
        }
        dirty = []
        writing = []
        return changes
    }
}
