// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import GitState
import Glibc

extension WatchCore {
    /// Takes one event into account.
    mutating func handle(_ event: FolderEvent, at now: ContinuousClock.Instant) {
        if event.kinds.contains(.overflow) {
            needsRescan = true
            settle.event(at: now)
            overflows += 1
            if overflows == 1 { warnings.append(events.warning(.overflow)) }
            return
        }
        guard let folder = folders[event.watch] else { return }
        for name in folder.names {
            if event.kinds.contains(.ended) || event.kinds.contains(.selfMoved) {
                lost(event.watch, name.path, at: now)
            } else if !event.name.isEmpty {
                let path = child(name.path, event.name)
                if event.kinds.contains(.isFolder) {
                    handleFolder(path, in: name, event, at: now)
                } else {
                    handleFile(path, in: name, event, at: now)
                }
            }
        }
    }

    private mutating func handleFile(
        _ path: String, in folder: Folder.Name, _ event: FolderEvent, at now: ContinuousClock.Instant
    ) {
        let exact = ExactPath(path)
        // A checkout gives four events for each file, and the rules cost more than all else: they are asked once.
        let isOpen = dirty.contains(exact)
        let isRoot = !isOpen && roots.contains { $0.isRoot(path) }
        guard isOpen || isRoot || folder.isRecursive && isAdmitted(path, isDirectory: false)
        else { return }
        if event.kinds.contains(.written) { writing.insert(exact) }
        if event.kinds.contains(.closed) || event.kinds.contains(.created) || event.kinds.contains(.removed) {
            writing.remove(exact)
        }
        if isOpen { settle.event(at: now) } else { mark(path, at: now) }
    }

    private mutating func handleFolder(
        _ path: String, in folder: Folder.Name, _ event: FolderEvent, at now: ContinuousClock.Instant
    ) {
        if event.kinds.contains(.removed) { dropTree(path, at: now) }
        guard event.kinds.contains(.created) else { return }
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
        let (condition, lock) = look()
        switch settle.closing(condition, at: now) {
        case .held(let until):
            heldUntil = until
            return nil
        case .closesDespiteLock:
            if let lock { giveUp(lock) }
        case .closes: break
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

    /// What might hold the set, and the lock of git that does. While there is one nothing else is looked at: git is at work
    /// on thousands of files, and this is asked every 20 ms.
    private func look() -> (SettleRule.Condition, GitActivity.Lock?) {
        var condition = SettleRule.Condition()
        let wall = FileTime.now().nanoseconds
        func age(_ time: Int) -> Duration { .nanoseconds(max(0, wall - time)) }
        var seen: Set<String> = []
        for repository in roots.compactMap(\.repository) where seen.insert(repository.gitDirectory).inserted {
            let activity = repository.activity()
            if let lock = activity.lock, !deadLocks.contains(lock) {
                condition.git = .locked(age: age(lock.written))
                return (condition, lock)
            }
            if let step = activity.lastStep { condition.git = .betweenSteps(since: age(step)) }
        }
        condition.hasOpenWriter = !writing.isEmpty
        condition.hasMissingFile = dirty.contains { ledger.isKnown($0.text) && FileStamp($0.text) == nil }
        return (condition, nil)
    }

    /// Waits for a lock of git no longer, and tells so.
    private mutating func giveUp(_ lock: GitActivity.Lock) {
        deadLocks.insert(lock)
        let age = (FileTime.now().nanoseconds - lock.written) / 1_000_000_000
        warnings.append(
            FileWatchWarning(
                message:
                    "\(lock.path) is \(age) s old and git changes no more files: saves do not wait for it any more",
                hint: "when no git command is at work, one has left it behind: rm '\(lock.path)'"))
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
