// SPDX-License-Identifier: Apache-2.0

/// Takes the text of every line, to keep what memory cannot.
package protocol LogSink: Sendable {
    /// Writes whole lines, each with its line end, secrets removed.
    func write(_ lines: [UInt8], source: String)
    /// Where a user finds the full log of a source; nil when nowhere.
    func path(of source: String) -> String?
}

extension LogStore {
    /// Where the full log of a source is, for the message that says how many lines were evicted.
    package func fullLogPath(_ scope: LogScope) -> String? {
        guard case .source(let name) = scope else { return nil }
        return sinkPath(name)
    }
}
