// SPDX-License-Identifier: Apache-2.0

/// A copy of one line, made for showing it.
package struct LogLine: Sendable {
    /// Position among all lines of all sources; a view that holds this number is not moved by eviction.
    package let sequence: UInt64
    /// The resource that wrote it.
    package let source: LogSource
    /// Milliseconds since 1970, UTC.
    package let time: Int64
    package let level: LogLevel
    package let stream: LogStream
    /// Whether this is the rest of a line that was too long for one record.
    package let isContinuation: Bool
    /// The text without its line ending, secrets removed, otherwise as it came.
    package let bytes: [UInt8]

    /// The text as a string, with U+FFFD for what is not UTF-8.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A registered source of lines; stands for a resource's name.
package struct LogSource: Hashable, Sendable {
    /// Index in the order of registration.
    package let index: Int
    package let name: String
}
