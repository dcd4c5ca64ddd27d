// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// What a compiler or SwiftPM has to say, once.
package struct Diagnostic: Sendable, Hashable {
    package enum Severity: String, Sendable {
        case error
        case warning
        case note
    }

    /// Nil when it belongs to no place: a linker's, or SwiftPM's own.
    package var location: SourceLocation?
    package var severity: Severity
    package var message: String
    /// Notes that explain it, in their order; they have none themselves.
    package var notes: [Diagnostic] = []

    package init(location: SourceLocation?, severity: Severity, message: String, notes: [Diagnostic] = []) {
        self.location = location
        self.severity = severity
        self.message = message
        self.notes = notes
    }
}

extension Diagnostic: CustomStringConvertible {
    /// One line: `file:line:column: error: message`.
    package var description: String { (location.map { "\($0): " } ?? "") + "\(severity.rawValue): \(message)" }
}
