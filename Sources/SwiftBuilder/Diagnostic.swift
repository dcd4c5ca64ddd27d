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

    /// The file that was saved while it was compiled, if this says so and no more: `swiftc` refuses what it has made
    /// then.
    var fileSavedMeanwhile: String? {
        let (start, end) = ("input file '", "' was modified during the build")
        guard severity == .error, message.hasPrefix(start), message.hasSuffix(end) else { return nil }
        return String(message.dropFirst(start.count).dropLast(end.count))
    }
}

extension Diagnostic: CustomStringConvertible {
    /// One line: `file:line:column: error: message`.
    package var description: String { (location.map { "\($0): " } ?? "") + "\(severity.rawValue): \(message)" }
}
