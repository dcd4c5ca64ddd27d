// SPDX-License-Identifier: Apache-2.0

/// What the database, or the way to it, objects to.
package struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Five characters of the SQL standard's; empty where there was no answer at all.
    package var state: String
    /// The first line of the database's words.
    package var message: String

    package init(state: String, message: String) {
        self.state = state
        self.message = message
    }

    package var description: String {
        state.isEmpty ? "the database does not answer: \(message)" : "the database refused: \(message) (\(state))"
    }

    /// Two programs made the same thing at the same time.
    var isDuplicate: Bool { ["23505", "42P04", "42P06", "42P07", "42710"].contains(state) }
}
