// SPDX-License-Identifier: Apache-2.0

/// One thing that `devloop-agent read` has found, before its content.
package struct PulledItem: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case file = 0
        case folder = 1
        case link = 2
        /// A socket, a pipe, a device, or what cannot be read: only told of.
        case other = 3
    }

    /// Relative to what was asked for; empty for that itself. A folder comes before what is in it.
    package var path: [UInt8]
    package var kind: Kind
    /// Permission bits.
    package var mode: UInt16
    /// Bytes of a file when it was opened: no more of it follow.
    package var size: UInt64
    /// What a link holds.
    package var target: [UInt8]
    /// Why it cannot be read; 0 for no reason.
    package var errno: Int32

    package init(
        path: [UInt8], kind: Kind, mode: UInt16 = 0, size: UInt64 = 0, target: [UInt8] = [], errno: Int32 = 0
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.size = size
        self.target = target
        self.errno = errno
    }

    func write(to writer: inout ByteWriter) {
        writer.blob(path)
        writer.u8(kind.rawValue)
        writer.u16(mode)
        writer.u64(size)
        writer.blob(target)
        writer.i32(errno)
    }

    init?(from reader: inout ByteReader) {
        path = reader.blob()
        guard let kind = Kind(rawValue: reader.u8()) else { return nil }
        self.kind = kind
        mode = reader.u16()
        size = reader.u64()
        target = reader.blob()
        errno = reader.i32()
    }
}
