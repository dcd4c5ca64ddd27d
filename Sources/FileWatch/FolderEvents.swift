// SPDX-License-Identifier: Apache-2.0

/// One thing that happened in a watched folder.
struct FolderEvent: Sendable, Hashable {
    /// What it was; several may come as one.
    struct Kinds: OptionSet, Sendable, Hashable {
        let rawValue: UInt32

        /// A name is there now, made or moved.
        static let created = Kinds(rawValue: 1)
        /// Bytes were written, or the file was cut; ``closed`` follows when the writer is done.
        static let written = Kinds(rawValue: 2)
        /// A name is gone, deleted or moved away.
        static let removed = Kinds(rawValue: 4)
        /// The name is that of a folder.
        static let isFolder = Kinds(rawValue: 8)
        /// The watch itself has ended: its folder is gone.
        static let ended = Kinds(rawValue: 16)
        /// Events were dropped, nobody knows which.
        static let overflow = Kinds(rawValue: 32)
        /// The watched folder itself was moved; its new place is not known.
        static let selfMoved = Kinds(rawValue: 64)
        /// A writer has closed the file.
        static let closed = Kinds(rawValue: 128)
        /// Times or modes have changed.
        static let attributes = Kinds(rawValue: 256)
    }

    /// The watch that tells it; -1 for an overflow.
    var watch: Int32
    var kinds: Kinds
    /// Within the folder; empty for the folder itself.
    var name: String = ""

    static let overflow = FolderEvent(watch: -1, kinds: .overflow)
}

/// What tells of events in folders; an adapter for each kind of system. All decisions are ``WatchCore``'s.
///
/// Used by one thread at a time, but for ``wake()``.
protocol FolderEvents: AnyObject, Sendable {
    /// Begins to watch a folder, links followed; not what lies in folders below it. The same folder by another name has
    /// the same watch.
    func watch(_ folder: String) -> FolderWatch
    func unwatch(_ watch: Int32)
    /// Returns when events wait, after ``wake()``, or after so many milliseconds; -1 is for ever.
    func wait(milliseconds: Int32)
    /// Ends a wait, or the next one. From any thread.
    func wake()
    /// Takes events that wait, in order. Bounded, so that a storm of them cannot keep a set from closing.
    func take(_ body: (FolderEvent) -> Void)
    /// The words for a trouble of this kind of system, with its numbers.
    func warning(_ trouble: FolderTrouble) -> FileWatchWarning
}

/// The answer to a wish to watch a folder.
enum FolderWatch: Sendable, Hashable {
    case watching(Int32)
    /// There is no such folder, or it may not be read.
    case gone
    /// The system has no watch left.
    case limitReached
}

/// Why events are missed.
enum FolderTrouble: Sendable, Hashable {
    /// Folders have no watch: so many need one, so many have none.
    case unwatched(needed: Int, missing: Int)
    /// More events at once than the system keeps.
    case overflow
}
