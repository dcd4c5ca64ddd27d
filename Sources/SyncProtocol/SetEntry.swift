// SPDX-License-Identifier: Apache-2.0

/// One file of a change set.
package struct SetEntry: Sendable, Equatable {
    /// Where the content comes from.
    package enum Content: Sendable, Equatable {
        /// Data frames follow that make up the whole file.
        case data
        /// Data and copy frames follow; copies take from this path of the record, whose content has this digest.
        case patch(base: [UInt8], digest: [UInt8])
        /// The content is already there; only the mode or the role changes.
        case keep
        /// The first bytes came with a set that was cut; data frames follow from here on.
        case resume(from: UInt64)
    }

    package var path: [UInt8]
    package var size: UInt64
    /// 0o644 or 0o755; ``SyncLimits/linkMode`` for a symbolic link.
    package var mode: UInt16
    package var digest: [UInt8]
    package var isEntry: Bool
    package var content: Content

    package init(path: [UInt8], size: UInt64, mode: UInt16, digest: [UInt8], isEntry: Bool, content: Content) {
        self.path = path
        self.size = size
        self.mode = mode
        self.digest = digest
        self.isEntry = isEntry
        self.content = content
    }

    package var isLink: Bool { mode == SyncLimits.linkMode }

    static let minimumSize = 20

    func write(to writer: inout ByteWriter) {
        writer.blob(path)
        writer.u64(size)
        writer.u16(mode)
        writer.blob(digest)
        writer.flag(isEntry)
        switch content {
        case .data: writer.u8(0)
        case .patch(let base, let digest):
            writer.u8(1)
            writer.blob(base)
            writer.blob(digest)
        case .keep: writer.u8(2)
        case .resume(let offset):
            writer.u8(3)
            writer.u64(offset)
        }
    }

    init?(from reader: inout ByteReader) {
        path = reader.blob()
        size = reader.u64()
        mode = reader.u16()
        digest = reader.blob()
        isEntry = reader.flag()
        switch reader.u8() {
        case 0: content = .data
        case 1: content = .patch(base: reader.blob(), digest: reader.blob())
        case 2: content = .keep
        case 3: content = .resume(from: reader.u64())
        default: return nil
        }
        guard digest.count == SyncLimits.digestSize else { return nil }
    }
}
