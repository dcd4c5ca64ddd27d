// SPDX-License-Identifier: Apache-2.0

import Glibc

@testable import FileWatch

/// What a watcher does, with real files and real events, and with time that passes only when a test says so: no thread,
/// so that a busy machine changes nothing.
struct SteppedWatch {
    var core: WatchCore
    let start = ContinuousClock.now

    init(_ root: String, events: (any FolderEvents)? = nil, settle: SettleTimes = SettleTimes()) throws {
        core = WatchCore(events: try events ?? InotifyEvents(), settle: settle)
        try core.setRoots([root], at: start)
        // As if a while had passed: every file is known by its content.
        var later = timespec()
        clock_gettime(CLOCK_REALTIME, &later)
        later.tv_sec += 10
        core.ledger.retryRecent(now: FileTime(later))
        while core.ledger.work == .now {
            core.ledger.hashNext(now: FileTime(later)) { FileStamp.content($0) }
        }
    }

    /// Takes the events that wait, so many milliseconds after the start; the set that closes then.
    mutating func at(_ milliseconds: Int) -> FileChangeSet? {
        let now = start + .milliseconds(milliseconds)
        core.events.take { core.handle($0, at: now) }
        return core.close(at: now)
    }

    /// Milliseconds after the start at which the watcher would look again by itself; nil when it sleeps.
    var due: Int? {
        core.nextDeadline.map { deadline in
            let (seconds, attoseconds) = (deadline - start).components
            return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
        }
    }
}

/// Real events, with something that a test does at the moment at which a folder is about to be watched, or just is.
final class HookedEvents: FolderEvents {
    private let base: InotifyEvents
    private let before: @Sendable (String) -> Void
    private let after: @Sendable (String) -> Void

    init(
        before: @escaping @Sendable (String) -> Void = { _ in }, after: @escaping @Sendable (String) -> Void = { _ in }
    )
        throws
    {
        base = try InotifyEvents()
        self.before = before
        self.after = after
    }

    func watch(_ folder: String) -> FolderWatch {
        before(folder)
        defer { after(folder) }
        return base.watch(folder)
    }

    func unwatch(_ watch: Int32) { base.unwatch(watch) }
    func wait(milliseconds: Int32) { base.wait(milliseconds: milliseconds) }
    func wake() { base.wake() }
    func take(_ body: (FolderEvent) -> Void) { base.take(body) }
    func warning(_ trouble: FolderTrouble) -> FileWatchWarning { base.warning(trouble) }
}
