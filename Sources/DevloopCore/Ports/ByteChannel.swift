// SPDX-License-Identifier: Apache-2.0

/// A bidirectional stream of bytes: an exec session, a forwarded connection, a socket.
package protocol ByteChannel: Sendable {
    /// Sends all bytes, in order after those of earlier calls; suspends while the far side does not take them.
    /// - Throws: `DevloopError` when the stream is closed or broken.
    func send(_ bytes: [UInt8]) async throws
    /// The next bytes from the far side, at least one; nil at the orderly end of the stream.
    /// - Throws: `DevloopError` when the stream breaks.
    /// - Important: one reader at a time.
    func receive() async throws -> [UInt8]?
    /// Closes both directions; safe to call twice. A waiting ``receive()`` ends.
    func close() async
}
