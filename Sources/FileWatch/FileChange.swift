// SPDX-License-Identifier: Apache-2.0

/// One file whose content or mode is not what it was.
package struct FileChange: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case created
        case modified
        case deleted
    }

    /// Absolute path, below the root as the root was written.
    package var path: String
    package var kind: Kind

    package init(path: String, kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

/// The changes of one save, or of one operation that touches many files.
package struct FileChangeSet: Sendable {
    /// Sorted by path; one entry a file; never empty.
    package var changes: [FileChange]
    /// When the first event of the set was read from the kernel.
    package var firstEvent: ContinuousClock.Instant
    /// When the last one was.
    package var lastEvent: ContinuousClock.Instant
    /// When the set was closed and its files had been hashed.
    package var closed: ContinuousClock.Instant
    /// The set comes from looking at all files again, as events were lost or cannot be had.
    package var rescanned: Bool
}

/// Something about watching that the user has to know.
package struct FileWatchWarning: Sendable, Hashable {
    package var message: String
    package var hint: String
}
