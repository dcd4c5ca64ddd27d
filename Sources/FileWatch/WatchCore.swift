// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import GitState

/// Everything a watcher knows, and all that it decides. Events come from an adapter, and the time from the caller.
struct WatchCore {
    /// One folder that the system watches, under each of the names by which roots reach it.
    struct Folder {
        struct Name: Equatable {
            let exact: ExactPath
            var path: String { exact.text }
            /// False: only files that are roots themselves, and roots that do not exist yet, are of interest.
            var isRecursive: Bool
        }
        var names: [Name]
    }

    /// How a scan treats a file that is not known yet.
    enum Scan {
        /// The first look: what is there is how things are.
        case first
        /// What is new or different is a change.
        case changes
    }

    let events: any FolderEvents
    /// Watches that may be used; the system's own limit comes on top.
    let watchLimit: Int
    var ignore: WatchIgnore
    var roots: [RootIgnore] = []
    var folders: [Int32: Folder] = [:]
    var watches: [ExactPath: Int32] = [:]
    /// Folders for which there was no watch left.
    var unwatched: Set<ExactPath> = []
    var ledger = FileLedger()
    var settle: SettleRule
    /// Files with events since the last set.
    var dirty: Set<ExactPath> = []
    /// Of these, the ones that were written and not closed since.
    var writing: Set<ExactPath> = []
    /// Events were lost: all files are looked at before the set closes.
    var needsRescan = false
    /// How often the kernel's queue has overflowed.
    var overflows = 0
    var isRescanned = false
    /// When folders without a watch are looked at again.
    var pollDue: ContinuousClock.Instant?
    /// When a set that is held back is looked at again.
    var heldUntil: ContinuousClock.Instant?
    /// Locks of git that were judged to be left behind.
    var deadLocks: Set<GitActivity.Lock> = []
    var warnings: [FileWatchWarning] = []

    init(
        events: any FolderEvents, watchLimit: Int = .max, ignore: WatchIgnore = WatchIgnore(),
        settle: SettleTimes = SettleTimes()
    ) {
        self.events = events
        self.settle = SettleRule(settle)
        self.watchLimit = watchLimit
        self.ignore = ignore
    }

    /// Notes that something may have happened to a file.
    mutating func mark(_ path: String, at now: ContinuousClock.Instant) {
        dirty.insert(ExactPath(path))
        settle.event(at: now)
    }

    /// Whether a path is one that changes are told of.
    func isAdmitted(_ path: String, isDirectory: Bool) -> Bool {
        roots.contains { root in
            root.isRoot(path) || (isBelow(path, root.root) && !root.isIgnored(path, isDirectory: isDirectory))
        }
    }

    /// When the thread has to look again without an event; nil when nothing is pending.
    var nextDeadline: ContinuousClock.Instant? {
        let settled = settle.earliest.map { max($0, heldUntil ?? $0) }
        return [settled, pollDue].compactMap { $0 }.min()
    }

    /// Milliseconds to sleep at most; -1 is until something happens. Rounded up, so that a deadline has passed then.
    func timeout(at now: ContinuousClock.Instant) -> Int32 {
        guard let deadline = nextDeadline else {
            return switch ledger.work {
            case .none: -1
            case .now: 0
            case .later: 60
            }
        }
        let rest = (deadline - now).components
        return Int32(clamping: max(0, rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1))
    }
}

/// Whether a path lies below a folder.
func isBelow(_ path: String, _ folder: String) -> Bool { ExactPath.isBelow(path, folder) }

/// The folder that a path lies in.
func parentFolder(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: 0x2F), slash > path.startIndex else { return "/" }
    return String(decoding: path.utf8[..<slash], as: UTF8.self)
}

/// A name in a folder.
func child(_ folder: String, _ name: String) -> String { folder == "/" ? "/\(name)" : "\(folder)/\(name)" }
