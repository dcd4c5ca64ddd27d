// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import FileWatch
import Glibc
import LoopEngine
import Synchronization

/// Watches files for the engine.
final class WatchAdapter: WatchPort {
    private let watcher = Mutex<FileWatcher?>(nil)
    private let times = Mutex(SettleTimes())
    private let project: String
    let warnings: AsyncStream<WatchWarning>
    private let warning: AsyncStream<WatchWarning>.Continuation
    private let wall: @Sendable () -> WallTime

    /// - Parameter project: folder whose `.devloopignore` counts.
    init(project: String, wall: @escaping @Sendable () -> WallTime) {
        self.project = project
        self.wall = wall
        (warnings, warning) = AsyncStream.makeStream(of: WatchWarning.self, bufferingPolicy: .bufferingNewest(16))
    }

    func start(roots: [String]) async throws -> AsyncStream<FileChanges> {
        let opened = try FileWatcher(
            roots: roots, ignore: WatchIgnore(project: project), settle: times.withLock { $0 })
        watcher.withLock { $0 = opened }
        let wall = wall
        let (stream, continuation) = AsyncStream.makeStream(of: FileChanges.self, bufferingPolicy: .unbounded)
        let warning = warning
        let task = Task {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    for await told in opened.warnings {
                        warning.yield(WatchWarning(message: told.message, hint: told.hint))
                    }
                }
                for await set in opened.changes { continuation.yield(Self.changes(set, wall: wall)) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    func update(roots: [String]) async throws {
        try watcher.withLock { try $0?.update(roots: roots) }
    }

    func settle(_ quiet: Duration, limit: Duration) async {
        let new = SettleTimes(quiet: quiet, longest: limit)
        let isNew = times.withLock { times in
            defer { times = new }
            return times != new
        }
        if isNew { watcher.withLock { $0?.settle(new) } }
    }

    func stop() async {
        watcher.withLock { watcher in
            watcher?.stop()
            watcher = nil
        }
    }

    private static func changes(_ set: FileChangeSet, wall: @Sendable () -> WallTime) -> FileChanges {
        // How long ago the newest file was written, less what has passed since the first notice.
        let now = wall().milliseconds
        let newest = set.changes.compactMap { modified($0.path) }.max()
        let sinceFirst = Int64((ContinuousClock.now - set.firstEvent).milliseconds)
        let watch = newest.map { max(0, min(10_000, now - $0 - sinceFirst)) } ?? 0
        var changes = FileChanges(
            paths: set.changes.map(\.path).sorted(), watch: Int(watch), settle: set.closed - set.firstEvent,
            closed: set.closed)
        changes.isRescanned = set.rescanned
        return changes
    }

    private static func modified(_ path: String) -> Int64? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return Int64(info.st_mtim.tv_sec) * 1000 + Int64(info.st_mtim.tv_nsec) / 1_000_000
    }
}
