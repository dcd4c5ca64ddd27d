// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How far the log of a container is read, over all of its runs.
///
/// The server has one name for the log of whatever run is the newest, and for a moment (after it was away, for seconds)
/// does not know that a container was started again. So what is read as one run's log may be that of the next one. A
/// reader of the next run that goes on from the same place neither repeats those lines nor leaves any out.
package final class LogPlace: Sendable {
    private let resume = Mutex(LogResume())

    package init() {}

    /// Where to reopen; nil when nothing was delivered.
    var reopenAt: LogTimestamp? { resume.withLock { $0.reopenAt } }

    /// The log was reopened at ``reopenAt``.
    func reopen() { resume.withLock { $0.reopen() } }

    /// - Returns: False for a line that was delivered before.
    func accept(_ line: LogLine) -> Bool { resume.withLock { $0.accept(line) } }
}
