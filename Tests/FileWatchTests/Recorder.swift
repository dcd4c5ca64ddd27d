// SPDX-License-Identifier: Apache-2.0

import DevloopTestSupport
import Synchronization

@testable import FileWatch

/// A watcher whose sets are collected.
final class Recorder: Sendable {
    let watcher: FileWatcher
    private let sets = Mutex<[FileChangeSet]>([])
    private let told = Mutex<[FileWatchWarning]>([])
    private let tasks: Mutex<[Task<Void, Never>]>

    init(_ watcher: FileWatcher) {
        self.watcher = watcher
        tasks = Mutex([])
        let changes = Task { [weak self] in
            for await set in watcher.changes { self?.sets.withLock { $0.append(set) } }
        }
        let warnings = Task { [weak self] in
            for await warning in watcher.warnings { self?.told.withLock { $0.append(warning) } }
        }
        tasks.withLock { $0 = [changes, warnings] }
    }

    deinit {
        watcher.stop()
        for task in tasks.withLock({ $0 }) { task.cancel() }
    }

    var all: [FileChangeSet] { sets.withLock { $0 } }
    var warnings: [FileWatchWarning] { told.withLock { $0 } }
    /// Every change so far, in the order of the sets.
    var changes: [FileChange] { all.flatMap(\.changes) }

    /// Waits until every file that is there is known by its content: from then on a touch of one tells nothing.
    func knowsContent() async -> Bool {
        await poll(deadline: .seconds(60), every: .milliseconds(5)) { watcher.knowsContent }
    }

    func clear() { sets.withLock { $0 = [] } }

    /// Waits until a change of the path has been told. The deadline bounds a failure; it measures nothing.
    func sees(_ path: String, _ kind: FileChange.Kind, within: Duration = .seconds(30)) async -> Bool {
        await poll(deadline: within, every: .milliseconds(2)) { changes.contains(FileChange(path: path, kind: kind)) }
    }

    /// Shows that something is not told, without a fixed wait: a later change of another file is told, and before it
    /// nothing was. Events come in order, so whatever was to be told would have been.
    func seesNothing(in folder: TemporaryDirectory, root: String = "") async throws -> Bool {
        let before = changes.count
        let name = root + "sentinel-\(Int.random(in: 0..<Int.max))"
        let path = try folder.write(name, "")
        guard await sees(path, .created) else { return false }
        let after = changes.filter { $0.path != path }
        return after.count == before
    }
}
