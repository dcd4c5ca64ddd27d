// SPDX-License-Identifier: Apache-2.0

/// Turns the bytes of a stream, cut anywhere, into frames.
package struct FrameDecoder: Sendable {
    /// What came out of the stream.
    package enum Output: Sendable, Equatable {
        case frame(Frame)
        /// The payload does not have its checksum; the frames after it can still be read.
        case damaged(type: FrameType, id: UInt32)
    }

    /// The stream cannot be read any further.
    package enum Failure: Error, Sendable, Equatable {
        /// The header is not one: damage, or bytes that are not ours.
        case badHeader
        /// The payload would be longer than ``SyncLimits/maximumPayload``.
        case tooLong(UInt32)
    }

    private let crc: CRC32
    private let limit: Int
    private var buffer: [UInt8] = []
    private var start = 0

    package init(crc: CRC32, limit: Int = SyncLimits.maximumPayload) {
        self.crc = crc
        self.limit = limit
    }

    /// Bytes that do not make a frame yet.
    package var pendingBytes: Int { buffer.count - start }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        compact()
        buffer.append(contentsOf: bytes)
    }

    package mutating func append(_ bytes: [UInt8]) {
        compact()
        buffer.append(contentsOf: bytes)
    }

    /// The next frame, nil until more bytes are there. After a failure the stream must be closed.
    package mutating func next() throws(Failure) -> Output? {
        guard buffer.count - start >= Frame.headerSize else { return nil }
        var header = ByteReader([UInt8](buffer[start..<start + Frame.headerSize]))
        let type = FrameType(rawValue: header.u8())
        let magic = header.u8()
        let check = header.u16()
        let id = header.u32()
        let length = header.u32()
        let checksum = header.u32()
        guard magic == Frame.magic, check == headerCheck(), let type else { throw .badHeader }
        guard Int(length) <= limit else { throw .tooLong(length) }
        let first = start + Frame.headerSize
        guard buffer.count - first >= Int(length) else { return nil }
        let payload = [UInt8](buffer[first..<first + Int(length)])
        start = first + Int(length)
        guard crc.checksum(payload) == checksum else { return .damaged(type: type, id: id) }
        return .frame(Frame(type, id: id, payload: payload))
    }

    private func headerCheck() -> UInt16 {
        var copy = [UInt8](buffer[start..<start + Frame.headerSize])
        copy[2] = 0
        copy[3] = 0
        return UInt16(truncatingIfNeeded: crc.checksum(copy))
    }

    /// Drops what was read, before more is added: what stays is less than one frame.
    private mutating func compact() {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: true)
        } else if start > 0 {
            buffer.removeSubrange(0..<start)
        }
        start = 0
    }
}
