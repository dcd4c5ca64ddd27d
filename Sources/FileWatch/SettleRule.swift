// SPDX-License-Identifier: Apache-2.0

/// How long the events of one save are waited for; `watch_settings` of the spec sets both.
package struct SettleTimes: Sendable, Hashable {
    /// Quiet time after the last event (design §4.6).
    package var quiet: Duration
    /// A set closes at the latest this long after its first event (design §4.6).
    package var longest: Duration

    package init(quiet: Duration = .milliseconds(10), longest: Duration = .milliseconds(150)) {
        self.quiet = quiet
        self.longest = max(quiet, longest)
    }

    /// Quiet time while a known file is gone. Vim with `backup` and `fsync` moves the old file away 10 to 30 ms before
    /// the new one is there.
    package var quietForMissing: Duration { min(quiet * 4, longest) }
}

/// When the events of one save are complete.
///
/// Most saves are one write, or a write and a rename: they are over 10 ms after their last event. The set is held longer
/// only where it would otherwise show a file half-way, and never beyond 150 ms after the first event, unless git is
/// changing the work tree.
package struct SettleRule: Sendable, Equatable {
    /// What git is doing to the work trees of the set.
    package enum Git: Sendable, Equatable {
        case idle
        /// It holds a lock, which was written this long ago.
        case locked(age: Duration)
        /// It is between two steps of a rebase, or of picking commits; head or index moved last this long ago.
        case betweenSteps(since: Duration)
    }

    /// What is known about the files of the set when it might close.
    package struct Condition: Sendable, Equatable {
        /// A file was written to and not yet closed.
        package var hasOpenWriter = false
        /// A file that we know is gone: an editor may be about to put a new one in its place.
        package var hasMissingFile = false
        package var git = Git.idle

        package init() {}
    }

    /// What becomes of a set that might close.
    package enum Closing: Sendable, Equatable {
        case closes
        /// The lock of git is one that nobody will remove: it holds nothing any more.
        case closesDespiteLock
        /// Asked again then.
        case held(until: ContinuousClock.Instant)
    }

    /// A set closes at the latest this long after its first event while git changes the work tree.
    package static let longestForGit = Duration.seconds(60)
    /// How often git's lock is looked at.
    package static let gitInterval = Duration.milliseconds(20)
    /// A lock that is older than this may have been left behind.
    package static let oldLock = Duration.seconds(10)
    /// An old lock was left behind, or is held while somebody writes a commit message, when no file changes for so long.
    package static let quietForOldLock = Duration.seconds(2)
    /// The next step of a rebase begins sooner than this; if not, it has stopped for the user.
    package static let gapBetweenSteps = Duration.milliseconds(500)

    package var times: SettleTimes
    package private(set) var first: ContinuousClock.Instant?
    package private(set) var last: ContinuousClock.Instant?

    package init(_ times: SettleTimes = SettleTimes()) { self.times = times }

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
        return min(last + times.quiet, first + times.longest)
    }

    /// Whether the set closes now. Nothing is pending: it is held for ever.
    package func closing(_ condition: Condition, at now: ContinuousClock.Instant) -> Closing {
        guard let first, let last, let earliest else { return .held(until: now + Self.longestForGit) }
        let isOverdue = now >= first + Self.longestForGit
        switch condition.git {
        case .idle: break
        case .locked(let age):
            let isLeftBehind = age > Self.oldLock && now >= last + Self.quietForOldLock
            return isLeftBehind || isOverdue ? .closesDespiteLock : .held(until: now + Self.gitInterval)
        case .betweenSteps(let since):
            if since < Self.gapBetweenSteps, !isOverdue { return .held(until: now + Self.gitInterval) }
        }
        var due = earliest
        if condition.hasMissingFile { due = min(last + times.quietForMissing, first + times.longest) }
        if condition.hasOpenWriter { due = first + times.longest }
        return now >= due ? .closes : .held(until: due)
    }
}
