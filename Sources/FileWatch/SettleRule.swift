// SPDX-License-Identifier: Apache-2.0

/// When the events of one save are complete.
///
/// Most saves are one write, or a write and a rename: they are over 10 ms after their last event. The set is held longer
/// only where it would otherwise show a file half-way, and never beyond 150 ms after the first event, unless git is
/// changing the work tree.
package struct SettleRule: Sendable, Equatable {
    /// What is known about the files of the set when it might close.
    package struct Condition: Sendable, Equatable {
        /// A file was written to and not yet closed.
        package var hasOpenWriter = false
        /// A file that we know is gone: an editor may be about to put a new one in its place.
        package var hasMissingFile = false
        /// Git holds its index lock.
        package var isGitChanging = false

        package init() {}
    }

    /// Quiet time after the last event (design §4.6).
    package static let quiet = Duration.milliseconds(10)
    /// Quiet time while a known file is gone. Vim with `backup` and `fsync` moves the old file away 10 to 30 ms before
    /// the new one is there.
    package static let quietForMissing = Duration.milliseconds(40)
    /// A set closes at the latest this long after its first event (design §4.6).
    package static let longest = Duration.milliseconds(150)
    /// The same while git changes the work tree, so that a checkout of thousands of files is few sets.
    package static let longestForGit = Duration.seconds(5)
    /// How often git's lock is looked at.
    package static let gitInterval = Duration.milliseconds(20)

    package private(set) var first: ContinuousClock.Instant?
    package private(set) var last: ContinuousClock.Instant?

    package init() {}

    package var isPending: Bool { first != nil }

    /// Notes an event that concerns a watched file.
    package mutating func event(at now: ContinuousClock.Instant) {
        first = first ?? now
        last = now
    }

    /// Begins anew after a set was closed.
    package mutating func reset() { (first, last) = (nil, nil) }

    /// When the set may close at the earliest; at that time ``closing(_:at:)`` is asked.
    package var earliest: ContinuousClock.Instant? {
        guard let first, let last else { return nil }
        return min(last + Self.quiet, first + Self.longest)
    }

    /// Whether the set closes now: nil when it does, else when to ask again.
    package func closing(_ condition: Condition, at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let first, let last, let earliest else { return nil }
        if condition.isGitChanging, now < first + Self.longestForGit { return now + Self.gitInterval }
        var due = earliest
        if condition.hasMissingFile { due = min(last + Self.quietForMissing, first + Self.longest) }
        if condition.hasOpenWriter { due = first + Self.longest }
        return now >= due ? nil : due
    }
}
