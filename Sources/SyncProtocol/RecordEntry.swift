// SPDX-License-Identifier: Apache-2.0

/// What the record in the container says about one path that the agent put there and therefore owns.
package struct RecordEntry: Sendable, Equatable {
    package var path: [UInt8]
    /// SHA-256; empty for a folder that was made for a file of ours.
    package var digest: [UInt8]
    package var size: UInt64
    package var mode: UInt16
    /// This file runs in place of the first word of the container's command.
    package var isEntry: Bool

    package init(path: [UInt8], digest: [UInt8], size: UInt64, mode: UInt16, isEntry: Bool) {
        self.path = path
        self.digest = digest
        self.size = size
        self.mode = mode
        self.isEntry = isEntry
    }

    package var isFolder: Bool { digest.isEmpty }
    package var isLink: Bool { mode == SyncLimits.linkMode }

    package func write(to writer: inout ByteWriter) {
        writer.blob(path)
        writer.blob(digest)
        writer.u64(size)
        writer.u16(mode)
        writer.flag(isEntry)
    }

    /// Bytes of the shortest entry, for checks of counts.
    package static let minimumSize = 19

    package init(from reader: inout ByteReader) {
        path = reader.blob()
        digest = reader.blob()
        size = reader.u64()
        mode = reader.u16()
        isEntry = reader.flag()
    }
}
