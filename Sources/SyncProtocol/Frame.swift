// SPDX-License-Identifier: Apache-2.0

/// One unit on the stream: a header of 16 bytes and a payload.
///
/// Header, little-endian: type (1), 0xD7 (1), check of the header (2), id (4), payload length (4), CRC-32 of the
/// payload (4). The header has its own check, so that a damaged length is found at once and not after waiting for
/// bytes that never come.
package struct Frame: Sendable, Equatable {
    package static let headerSize = 16
    static let magic: UInt8 = 0xD7

    package var type: FrameType
    /// ``setID(_:)`` or ``questionID(_:)``; an answer carries the id of what it answers. 0 for what nobody asked for.
    package var id: UInt32
    package var payload: [UInt8]

    package init(_ type: FrameType, id: UInt32, payload: [UInt8]) {
        self.type = type
        self.id = id
        self.payload = payload
    }

    /// The id of all frames of a change set. Its highest bit is clear, that of a question is set: an answer that carries
    /// no set, because the frame was damaged, still tells what it is to.
    package static func setID(_ set: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: set) & 0x7FFF_FFFF }

    /// The id of a question that is answered by one message.
    package static func questionID(_ number: UInt32) -> UInt32 { number | 0x8000_0000 }

    /// Adds header and payload to the buffer.
    package func encode(into buffer: inout [UInt8], using crc: CRC32) {
        var header = ByteWriter()
        header.u8(type.rawValue)
        header.u8(Self.magic)
        header.u16(0)
        header.u32(id)
        header.u32(UInt32(truncatingIfNeeded: payload.count))
        header.u32(crc.checksum(payload))
        let check = UInt16(truncatingIfNeeded: crc.checksum(header.bytes))
        let start = buffer.count
        buffer.append(contentsOf: header.bytes)
        buffer[start + 2] = UInt8(truncatingIfNeeded: check)
        buffer[start + 3] = UInt8(truncatingIfNeeded: check >> 8)
        buffer.append(contentsOf: payload)
    }

    /// Header and payload as they go over the stream.
    package func encoded(using crc: CRC32) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(Self.headerSize + payload.count)
        encode(into: &buffer, using: crc)
        return buffer
    }
}
