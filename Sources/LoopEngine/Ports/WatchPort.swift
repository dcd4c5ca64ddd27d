// SPDX-License-Identifier: Apache-2.0

/// Reports complete change sets of files.
package protocol WatchPort: Sendable {
    /// Begins to watch; the stream ends with ``stop()``.
    func start(roots: [String]) async throws -> AsyncStream<FileChanges>
    /// Replaces the set of absolute paths that are watched.
    func update(roots: [String]) async throws
    /// How long the events of one save are waited for, from now on: without a further event, and at the most.
    func settle(_ quiet: Duration, limit: Duration) async
    func stop() async
    /// What the user has to know about watching, such as a limit of the kernel that was reached; for one consumer.
    var warnings: AsyncStream<WatchWarning> { get }
}

package struct WatchWarning: Sendable, Equatable {
    package var message: String
    package var hint: String

    package init(message: String, hint: String) {
        self.message = message
        self.hint = hint
    }
}

/// One settled set of changes whose contents really differ.
package struct FileChanges: Sendable {
    /// Absolute paths, sorted.
    package var paths: [String]
    /// Milliseconds from the newest file's own time to the first notice; 0 when it cannot be told.
    package var watch: Int
    /// From the first notice to the end of the set.
    package var settle: Duration
    /// When the set was complete.
    package var closed: ContinuousClock.Instant
    /// It comes from looking at all files, since events were lost or cannot be had.
    package var isRescanned = false

    package init(paths: [String], watch: Int, settle: Duration, closed: ContinuousClock.Instant) {
        self.paths = paths
        self.watch = watch
        self.settle = settle
        self.closed = closed
    }
}
