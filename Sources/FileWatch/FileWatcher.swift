// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopCore
import Glibc
import Synchronization

/// Watches files and folders, and tells which files have other content than before.
///
/// An event alone is no change: each file is compared by its content, so `touch`, saving without an edit, and a checkout
/// there and back give nothing, while an edit of the same size within the same second is seen. One instance of the
/// system's events and one thread serve any number of roots; while nothing happens the thread sleeps without a timer.
package final class FileWatcher: Sendable {
    /// The sets in order. Unbounded: a set that was dropped would be a lost edit, and sets come at most a hundred times
    /// a second. For one consumer.
    package let changes: AsyncStream<FileChangeSet>
    /// What the user has to know, such as a limit of the kernel that was reached; the newest 16.
    package let warnings: AsyncStream<FileWatchWarning>

    private let loop: WatchLoop

    /// Watches from the moment it returns.
    /// - Parameters:
    ///   - roots: absolute paths of folders (with all below) and files; they need not exist yet.
    ///   - watchLimit: at most this many watches; the system's own limit counts anyway.
    ///   - settle: how long the events of one save are waited for.
    /// - Throws: ``DevloopError`` for a path that is not absolute and for broken ignore rules.
    package convenience init(
        roots: [String], ignore: WatchIgnore = WatchIgnore(), watchLimit: Int = .max,
        settle: SettleTimes = SettleTimes()
    ) throws {
        try self.init(
            roots: roots,
            core: WatchCore(
                events: try Self.systemEvents(), watchLimit: watchLimit, ignore: ignore, settle: settle))
    }

    /// What this kind of system has.
    static func systemEvents() throws -> any FolderEvents {
        #if canImport(CoreServices)
            FSEventsFolders()
        #else
            try InotifyEvents()
        #endif
    }

    init(roots: [String], core: WatchCore) throws {
        let (changes, changeSink) = AsyncStream.makeStream(of: FileChangeSet.self, bufferingPolicy: .unbounded)
        let (warnings, warningSink) = AsyncStream.makeStream(
            of: FileWatchWarning.self, bufferingPolicy: .bufferingNewest(16))
        self.changes = changes
        self.warnings = warnings
        loop = WatchLoop(core, changes: changeSink, warnings: warningSink)
        try loop.update { try $0.setRoots(roots, at: .now) }
        try loop.start()
    }

    deinit { loop.stop() }

    /// Watches these roots instead; files below both the old and the new ones keep what is known of them.
    package func update(roots: [String]) throws { try loop.update { try $0.setRoots(roots, at: .now) } }

    /// Waits this long for the events of one save, from the next set on.
    package func settle(_ times: SettleTimes) { loop.change { $0.settle.times = times } }

    /// Whether changes of this path are not told: it is below no root, or ignored.
    package func isIgnored(_ path: String) -> Bool {
        let isDirectory = FolderReader.isFolder(path)
        return !loop.read { $0.isAdmitted(path, isDirectory: isDirectory) }
    }

    /// Watches of the system in use.
    package var watchCount: Int { loop.read { $0.folders.count } }

    /// How often the thread has woken up since the start.
    package var turnCount: Int { loop.turnCount }

    /// The thread sleeps until something happens, without a timer.
    package var isAtRest: Bool { loop.read { $0.timeout(at: .now) < 0 } }

    /// Every file is known by its content, and no set is open.
    var knowsContent: Bool { loop.read { $0.ledger.work == .none && !$0.settle.isPending && !$0.needsRescan } }

    /// Ends the streams and the thread. Safe to call twice.
    package func stop() { loop.stop() }
}

/// The thread of a watcher.
private final class WatchLoop: Sendable {
    private let core: Mutex<WatchCore>
    private let events: any FolderEvents
    private let isStopped = Atomic(false)
    /// How often the thread has woken up.
    private let turns = Atomic(0)
    private let changes: AsyncStream<FileChangeSet>.Continuation
    private let warnings: AsyncStream<FileWatchWarning>.Continuation

    init(
        _ core: WatchCore, changes: AsyncStream<FileChangeSet>.Continuation,
        warnings: AsyncStream<FileWatchWarning>.Continuation
    ) {
        events = core.events
        self.core = Mutex(core)
        self.changes = changes
        self.warnings = warnings
    }

    var turnCount: Int { turns.load(ordering: .relaxed) }

    func update(_ body: (inout WatchCore) throws -> Void) throws {
        try core.withLock { try body(&$0) }
        events.wake()
    }

    func change(_ body: (inout WatchCore) -> Void) {
        core.withLock { body(&$0) }
        events.wake()
    }

    func read<R: Sendable>(_ body: (WatchCore) -> R) -> R { core.withLock { body($0) } }

    func start() throws {
        // The thread keeps the loop alive until it is stopped.
        let box = Unmanaged.passRetained(self)
        let result = dl_thread_start(
            "watch",
            { context in
                guard let context else { return }
                Unmanaged<WatchLoop>.fromOpaque(context).takeRetainedValue().run()
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw DevloopError(.file, "cannot watch files: \(String(cString: strerror(result)))")
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        changes.finish()
        warnings.finish()
        events.wake()
    }

    private func run() {
        while !isStopped.load(ordering: .acquiring) {
            events.wait(milliseconds: core.withLock { $0.timeout(at: .now) })
            turns.add(1, ordering: .relaxed)
            let (set, told) = core.withLock { core in
                events.take { core.handle($0, at: .now) }
                let set = core.close(at: .now)
                if set == nil, !core.settle.isPending { hashSome(&core) }
                defer { core.warnings = [] }
                return (set, core.warnings)
            }
            for warning in told { warnings.yield(warning) }
            if let set { changes.yield(set) }
        }
    }

    /// Hashes files in advance for about 2 ms, so that an event never waits longer.
    private func hashSome(_ core: inout WatchCore) {
        let end = ContinuousClock.now + .milliseconds(2)
        let now = FileTime.now()
        core.ledger.retryRecent(now: now)
        while core.ledger.work == .now, ContinuousClock.now < end {
            core.ledger.hashNext(now: now) { FileStamp.content($0) }
        }
    }
}
