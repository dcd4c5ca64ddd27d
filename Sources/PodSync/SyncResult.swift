// SPDX-License-Identifier: Apache-2.0

package import Hashing

/// How a change set ended in one container.
package struct SyncResult: Sendable {
    package enum Outcome: Sendable, Equatable {
        /// The files are in place, and what follows from it has happened.
        case committed
        /// The container already had everything.
        case unchanged
        /// A newer set that covers this one was applied instead.
        case superseded
    }

    package var outcome: Outcome
    /// Id of the record in the container after the set.
    package var set: UInt64
    /// Bytes that went over the stream, headers included.
    package var bytesSent: UInt64 = 0
    package var filesSent = 0
    /// Files sent as differences to what the container has.
    package var filesPatched = 0
    /// Files whose first part was there already, from a set that was cut.
    package var filesResumed = 0
    package var filesUnchanged = 0
    package var filesDeleted = 0
    /// Paths that were to be deleted and are not ours.
    package var foreign: [String] = []
    /// How often a set had to be sent again because of damage or an old base.
    package var resends = 0
    /// From the call until the commit was acknowledged.
    package var send: Duration = .zero
    /// From the order to restart until the new process was started, by the agent's clock; nil without a restart.
    package var restart: Duration?
    /// From the start of the process until its readiness check succeeded, by the agent's clock; nil without a restart or
    /// success.
    package var ready: Duration?
    /// SHA-256 of the executable that runs; nil when the app was not restarted.
    package var executable: ContentDigest?
    /// The app was started and did not stay.
    package var failure: AppFailure?
    /// The set was taken back because of it, and the files before it run again.
    package var isRolledBack = false

    package init(outcome: Outcome, set: UInt64) {
        self.outcome = outcome
        self.set = set
    }
}

/// Why a restarted app does not serve.
package enum AppFailure: Sendable, Equatable {
    /// It ended by itself; its output is in the container's log.
    case exited(AppExit)
    /// It could not be executed: errno, and the file.
    case notStarted(errno: Int32, file: String)
    /// It runs, but its readiness check had no success within 60 s.
    case notReady
}

/// The end of the app's process.
package struct AppExit: Sendable, Equatable {
    package enum Next: Sendable, Equatable {
        /// A restart that was asked for.
        case restart
        /// The agent keeps the container and waits for the next set.
        case wait
        /// The container ends with the same code.
        case end
        /// The set was taken back, and the files before it run again. The pid is 0 when it could not be started at all.
        case rolledBack
    }

    package var pid: Int32
    /// 128 + n when signal n ended it.
    package var code: Int32
    /// Nil when it ended by itself.
    package var signal: Int32?
    package var uptime: Duration
    package var next: Next
    /// The set that it ran.
    package var set: UInt64
}

/// What the agent tells without being asked.
package enum AgentEvent: Sendable, Equatable {
    case appStarted(pid: Int32, set: UInt64, executable: ContentDigest?)
    case appExited(AppExit)
    /// The app was started and could not be executed.
    case appFailed(errno: Int32, file: String)
    /// Since the start of the process.
    case ready(pid: Int32, after: Duration)
    /// No success within 60 s.
    case notReady(pid: Int32)
}
