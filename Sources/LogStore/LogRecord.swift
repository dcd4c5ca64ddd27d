// SPDX-License-Identifier: Apache-2.0

/// What the store keeps for each line besides its text: 24 bytes.
struct LogRecord: Sendable {
    /// Position among all lines of all sources; never used twice.
    var sequence: UInt64
    /// Milliseconds since 1970, UTC.
    var time: Int64
    /// First byte in the chunk.
    var offset: UInt32
    /// Bytes, at most `LogStore.longestLine`.
    var length: UInt16
    var level: LogLevel
    /// Bit 7: continues the line before; bits 0-6: the stream.
    var flags: UInt8

    static let continuation: UInt8 = 0x80

    var stream: LogStream { LogStream(rawValue: flags & 0x7F) ?? .standardOutput }
    var isContinuation: Bool { flags & Self.continuation != 0 }
}
