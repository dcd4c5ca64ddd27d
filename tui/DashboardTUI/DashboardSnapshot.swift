// SPDX-License-Identifier: Apache-2.0

package import LogStore

/// Everything that one frame shows, at one moment. The engine makes one on each change; the layout never asks a clock.
package struct DashboardSnapshot: Sendable {
    /// When the session began, in milliseconds since 1970, UTC.
    package var sessionStart: Int64
    /// Seconds east of UTC, for showing times of day.
    package var utcOffset: Int
    /// The kubeconfig context; "local" without a cluster.
    package var context: String
    package var namespace: String
    /// The spec as a user would name it: `Devloopfile`.
    package var specFile: String
    /// One phrase about the whole session: `sync ok`, `cluster unreachable, retry in 4s`.
    package var sessionState: String
    /// What stops the whole session, such as a broken spec: the message, then the hint. Empty when nothing does.
    package var banner: [String]
    /// Rows in a stable order: they must not jump under the cursor.
    package var services: [ServiceRow]
    /// In the order of the spec.
    package var buttons: [ButtonRow] = []
    /// Oldest first.
    package var events: [EventRow]
    /// Log lines that were lost before they reached the store; shown whenever it is not zero.
    package var droppedLines: Int
    package var logs: LogStore

    package init(
        sessionStart: Int64, utcOffset: Int = 0, context: String, namespace: String, specFile: String,
        sessionState: String, banner: [String] = [], services: [ServiceRow] = [], events: [EventRow] = [],
        droppedLines: Int = 0, logs: LogStore
    ) {
        self.sessionStart = sessionStart
        self.utcOffset = utcOffset
        self.context = context
        self.namespace = namespace
        self.specFile = specFile
        self.sessionState = sessionState
        self.banner = banner
        self.services = services
        self.events = events
        self.droppedLines = droppedLines
        self.logs = logs
    }
}
