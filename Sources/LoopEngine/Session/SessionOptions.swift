// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a command asks of the engine.
package struct SessionOptions: Sendable {
    package enum Mode: String, Sendable {
        /// Watch and keep going.
        case up
        /// Build, deploy, wait until healthy, end.
        case run
        /// As `run`, ends at the first hard failure, by `ci_settings`.
        case ci
    }

    package enum OnExit: String, Sendable, CaseIterable { case keep, delete }

    package var mode: Mode
    /// Resources to bring up; empty means all.
    package var names: [String] = []
    /// Resources that run on this machine while the rest is in the cluster; for their names to be known.
    package var localNames: [String] = []
    package var onExit = OnExit.keep
    /// For the whole of a one-shot command; nil means the plan's setting for `ci` and 10 minutes for `run`.
    package var timeout: Duration?
    /// Folder that paths are shown relative to, with a final slash.
    package var root: String
    /// Version that `session.started` tells.
    package var version: String
    /// Log lines become `log.written` events too.
    package var journalsLogs = false
    /// Receives each log line; must be quick.
    package var onLog: @Sendable (_ resource: String, _ pod: String, _ container: String, LogLine) -> Void
    /// Whether a path exists now.
    package var exists: @Sendable (String) -> Bool
    /// All files below a path, or the path itself when it is a file; absolute. What devloop does not watch is left out.
    package var files: @Sendable (String) -> [String]

    package init(
        mode: Mode, root: String, version: String,
        onLog: @escaping @Sendable (String, String, String, LogLine) -> Void,
        exists: @escaping @Sendable (String) -> Bool,
        files: @escaping @Sendable (String) -> [String] = { _ in [] }
    ) {
        self.mode = mode
        self.root = root
        self.version = version
        self.onLog = onLog
        self.exists = exists
        self.files = files
    }
}

/// How a session ended.
package struct SessionEnd: Sendable {
    package var status: ExitStatus
    /// Why, in words; nil for a plain success.
    package var reason: String?
    package var hint: String?
    /// Resources that were not well at the end, with their reasons.
    package var failed: [(resource: String, reason: String)]

    package init(
        status: ExitStatus, reason: String?, hint: String?, failed: [(resource: String, reason: String)]
    ) {
        self.status = status
        self.reason = reason
        self.hint = hint
        self.failed = failed
    }
}
