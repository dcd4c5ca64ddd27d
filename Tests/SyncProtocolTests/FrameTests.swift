// SPDX-License-Identifier: Apache-2.0

import SyncProtocol
import Testing

@Suite("frames")
struct FrameTests {
    static let crc = CRC32()
    static let frames = [
        Frame(.ping, id: 1, payload: []),
        Frame(.data, id: 0xFFFF_FFFF, payload: [0, 1, 2, 3, 255]),
        Frame(.fault, id: 7, payload: [UInt8](repeating: 0xA5, count: 1_000)),
    ]
    static let stream = frames.flatMap { $0.encoded(using: crc) }

    @Test(
        "checksums have the values of the standard",
        arguments: [("", 0), ("123456789", 0xCBF4_3926), ("a", 0xE8B7_BE43)])
    func checksum(text: String, value: UInt32) {
        #expect(Self.crc.checksum(Array(text.utf8)) == value)
    }

    @Test("a checksum goes on from an earlier part, cut anywhere")
    func parts() {
        let bytes = (0..<100).map { UInt8($0 * 7 & 0xFF) }
        for cut in 0...bytes.count {
            let first = bytes[..<cut].withUnsafeBytes { Self.crc.checksum($0) }
            #expect(bytes[cut...].withUnsafeBytes { Self.crc.checksum($0, after: first) } == Self.crc.checksum(bytes))
        }
    }

    @Test("a stream that is split at any byte gives the same frames")
    func split() throws {
        for cut in 0...Self.stream.count {
            var decoder = FrameDecoder(crc: Self.crc)
            var found: [FrameDecoder.Output] = []
            for part in [Self.stream[..<cut], Self.stream[cut...]] {
                decoder.append(Array(part))
                while let output = try decoder.next() { found.append(output) }
            }
            #expect(found == Self.frames.map { .frame($0) })
            #expect(decoder.pendingBytes == 0)
        }
    }

    @Test("one byte at a time")
    func single() throws {
        var decoder = FrameDecoder(crc: Self.crc)
        var found: [FrameDecoder.Output] = []
        for byte in Self.stream {
            decoder.append([byte])
            while let output = try decoder.next() { found.append(output) }
        }
        #expect(found == Self.frames.map { .frame($0) })
    }

    @Test("any flipped bit is found: in the header it ends the stream, in the payload it costs one frame")
    func flipped() throws {
        let frame = Frame(.data, id: 9, payload: [1, 2, 3, 4])
        let after = Frame(.ping, id: 10, payload: [])
        for place in 0..<(Frame.headerSize + 4) {
            for bit in 0..<8 {
                var bytes = frame.encoded(using: Self.crc) + after.encoded(using: Self.crc)
                bytes[place] ^= 1 << bit
                var decoder = FrameDecoder(crc: Self.crc)
                decoder.append(bytes)
                if place < Frame.headerSize {
                    #expect(throws: FrameDecoder.Failure.badHeader) { _ = try decoder.next() }
                } else {
                    #expect(try decoder.next() == .damaged(type: .data, id: 9))
                    #expect(try decoder.next() == .frame(after))
                }
            }
        }
    }

    @Test("a payload over the limit is refused before it is waited for")
    func tooLong() {
        var decoder = FrameDecoder(crc: Self.crc, limit: 100)
        let bytes = Frame(.data, id: 1, payload: [UInt8](repeating: 0, count: 101)).encoded(using: Self.crc)
        decoder.append(Array(bytes.prefix(Frame.headerSize)))
        #expect(throws: FrameDecoder.Failure.tooLong(101)) { _ = try decoder.next() }
    }
}
