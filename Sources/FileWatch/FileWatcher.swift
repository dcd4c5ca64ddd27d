// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopCore
import Glibc
import Hashing
import Synchronization

/// Watches files and folders, and tells which files have other content than before.
///
/// An event alone is no change: each file is compared by its content, so `touch`, saving without an edit, and a checkout
/// there and back give nothing, while an edit of the same size within the same second is seen. One inotify instance and
/// one thread serve any number of roots; while nothing happens the thread sleeps without a timer.
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
    ///   - watchLimit: at most this many kernel watches; the kernel's own limit counts anyway.
    /// - Throws: ``DevloopError`` for a path that is not absolute and for broken ignore rules.
    package init(roots: [String], ignore: WatchIgnore = WatchIgnore(), watchLimit: Int = .max) throws {
        let (changes, changeSink) = AsyncStream.makeStream(of: FileChangeSet.self, bufferingPolicy: .unbounded)
        let (warnings, warningSink) = AsyncStream.makeStream(
            of: FileWatchWarning.self, bufferingPolicy: .bufferingNewest(16))
        self.changes = changes
        self.warnings = warnings
        loop = try WatchLoop(
            WatchCore(descriptor: dl_watch_open(), watchLimit: watchLimit, ignore: ignore), changes: changeSink,
            warnings: warningSink)
        try loop.update { try $0.setRoots(roots, at: .now) }
        try loop.start()
    }

    deinit { loop.stop() }

    /// Watches these roots instead; files below both the old and the new ones keep what is known of them.
    package func update(roots: [String]) throws { try loop.update { try $0.setRoots(roots, at: .now) } }

    /// Whether changes of this path are not told: it is below no root, or ignored.
    package func isIgnored(_ path: String) -> Bool {
        let isDirectory = FolderReader.isFolder(path)
        return !loop.read { $0.isAdmitted(path, isDirectory: isDirectory) }
    }

    /// Kernel watches in use.
    package var watchCount: Int { loop.read { $0.folders.count } }

    /// Ends the streams and the thread. Safe to call twice.
    package func stop() { loop.stop() }
}

/// The thread of a watcher.
private final class WatchLoop: Sendable {
    private let core: Mutex<WatchCore>
    private let isStopped = Atomic(false)
    private let descriptor: CInt
    private let wake: CInt
    private let changes: AsyncStream<FileChangeSet>.Continuation
    private let warnings: AsyncStream<FileWatchWarning>.Continuation

    init(
        _ core: WatchCore, changes: AsyncStream<FileChangeSet>.Continuation,
        warnings: AsyncStream<FileWatchWarning>.Continuation
    ) throws {
        descriptor = core.descriptor
        self.core = Mutex(core)
        self.changes = changes
        self.warnings = warnings
        wake = dl_wake_open()
        guard wake >= 0 else {
            throw DevloopError(
                .file, "cannot watch files: \(String(cString: strerror(errno)))",
                hint: "the limit of open files is reached; raise it with ulimit -n")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if wake >= 0 { close(wake) }
    }

    func update(_ body: (inout WatchCore) throws -> Void) throws {
        try core.withLock { try body(&$0) }
        dl_wake(wake)
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
        dl_wake(wake)
    }

    private func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 8)
        defer { buffer.deallocate() }
        while !isStopped.load(ordering: .acquiring) {
            let (deadline, work) = core.withLock { ($0.nextDeadline, $0.ledger.work) }
            wait(until: deadline, work: work)
            let (set, told) = core.withLock { core in
                readEvents(&core, buffer)
                let set = core.close(at: .now)
                if set == nil, !core.settle.isPending { hashSome(&core) }
                defer { core.warnings = [] }
                return (set, core.warnings)
            }
            for warning in told { warnings.yield(warning) }
            if let set { changes.yield(set) }
        }
    }

    private func wait(until deadline: ContinuousClock.Instant?, work: FileLedger.Work) {
        var timeout: CInt = -1
        if let deadline {
            let rest = (deadline - .now).components
            // Rounded up, so that the deadline has passed when the thread wakes.
            timeout = CInt(clamping: max(0, rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1))
        } else {
            switch work {
            case .none: break
            case .now: timeout = 0
            case .later: timeout = 60
            }
        }
        var polls = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        poll(&polls, nfds_t(polls.count), timeout)
        if polls[1].revents != 0 { dl_wake_clear(wake) }
    }

    private func readEvents(_ core: inout WatchCore, _ buffer: UnsafeMutableRawBufferPointer) {
        guard descriptor >= 0 else { return }
        // Bounded, so that a storm of events cannot keep a set from closing.
        for _ in 0..<64 {
            let length = dl_watch_read(descriptor, buffer.baseAddress, buffer.count)
            guard length > 0 else { return }
            let now = ContinuousClock.now
            var offset = 0
            var raw = dl_watch_event()
            while dl_watch_next(buffer.baseAddress, Int(length), &offset, &raw) == 1 {
                let name = raw.name.map { String(cString: $0) } ?? ""
                core.handle(WatchCore.Event(watch: raw.watch, mask: raw.mask, name: name), at: now)
            }
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
