// SPDX-License-Identifier: Apache-2.0

/// The files of a set are in place and recorded.
package struct Committed: Sendable, Equatable {
    package enum Consequence: UInt8, Sendable {
        /// The app goes on as it was.
        case none = 0
        /// The app is being restarted; ``AppStarted`` follows.
        case restart = 1
        /// The app got a signal.
        case signal = 2
    }

    package var set: UInt64
    package var consequence: Consequence
    /// Paths that were to be deleted and are not ours: left where they are.
    package var foreign: [[UInt8]]

    package init(set: UInt64, consequence: Consequence, foreign: [[UInt8]]) {
        self.set = set
        self.consequence = consequence
        self.foreign = foreign
    }
}

/// The app runs.
package struct AppStarted: Sendable, Equatable {
    /// The set whose files it runs with; 0 for the image's own.
    package var set: UInt64
    package var pid: Int32
    /// SHA-256 of the executable, by the inode behind `/proc/PID/exe`; of the script where that is an interpreter.
    package var executable: [UInt8]
    /// Microseconds from the order to restart until the new process was started; 0 at the first start.
    package var microseconds: UInt64

    package init(set: UInt64, pid: Int32, executable: [UInt8], microseconds: UInt64) {
        self.set = set
        self.pid = pid
        self.executable = executable
        self.microseconds = microseconds
    }
}

/// The app ended.
package struct AppExited: Sendable, Equatable {
    package var set: UInt64
    package var pid: Int32
    /// Exit code; 128 + n when signal n ended it.
    package var code: Int32
    /// The signal that ended it; 0 for none.
    package var signal: Int32
    /// Milliseconds that it ran.
    package var uptime: UInt64
    package var next: Next

    package enum Next: UInt8, Sendable {
        /// It was ended to be restarted.
        case restart = 0
        /// It ended soon after a change set: the agent waits for the next one.
        case wait = 1
        /// The agent ends with the same code.
        case end = 2
        /// It ended soon after a change set, which was taken back; the files before it run again. A pid of 0 when it
        /// could not even be started.
        case rolledBack = 3
    }

    package init(set: UInt64, pid: Int32, code: Int32, signal: Int32, uptime: UInt64, next: Next) {
        self.set = set
        self.pid = pid
        self.code = code
        self.signal = signal
        self.uptime = uptime
        self.next = next
    }
}

/// The readiness check succeeded for the first time after a start, or was given up.
package struct Ready: Sendable, Equatable {
    package var set: UInt64
    package var pid: Int32
    /// Microseconds since the process was started.
    package var microseconds: UInt64
    /// How often it was tried.
    package var attempts: UInt32
    /// False: no success within ``SyncLimits/probeMilliseconds``.
    package var isReady: Bool

    package init(set: UInt64, pid: Int32, microseconds: UInt64, attempts: UInt32, isReady: Bool) {
        self.set = set
        self.pid = pid
        self.microseconds = microseconds
        self.attempts = attempts
        self.isReady = isReady
    }
}
