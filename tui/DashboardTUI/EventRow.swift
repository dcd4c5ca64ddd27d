// SPDX-License-Identifier: Apache-2.0

package import LogStore

/// One line of the Events pane.
package struct EventRow: Sendable {
    /// The journal's number, ascending; a scrolled view holds on to it.
    package var sequence: Int
    /// Milliseconds since 1970, UTC.
    package var time: Int64
    package var level: LogLevel
    /// `build`, `watch`, `pod`, or a resource's name.
    package var source: String
    package var text: String

    package init(sequence: Int, time: Int64, level: LogLevel, source: String, text: String) {
        self.sequence = sequence
        self.time = time
        self.level = level
        self.source = source
        self.text = text
    }
}
