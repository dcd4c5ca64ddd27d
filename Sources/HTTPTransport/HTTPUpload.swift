// SPDX-License-Identifier: Apache-2.0

/// A body that is sent as it is read, for those that are too large to be held whole.
///
/// Only as much is read ahead as the peer takes. When the connection turns out to be dead before anything was answered,
/// the content is iterated anew, so it must give the same bytes each time.
package struct HTTPUpload: Sendable {
    /// Bytes in all; nil sends them in chunks (RFC 9112, section 7.1).
    package var length: Int?
    package var content: any AsyncSequence<[UInt8], any Error> & Sendable

    package init(_ content: any AsyncSequence<[UInt8], any Error> & Sendable, length: Int? = nil) {
        self.content = content
        self.length = length
    }
}
