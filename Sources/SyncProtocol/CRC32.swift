// SPDX-License-Identifier: Apache-2.0

/// The CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320), eight bytes a step.
///
/// It only finds damage in transit early; what is written is proved by SHA-256.
package struct CRC32: Sendable {
    /// Eight tables of 256 words, one after the other.
    private let table: [UInt32]

    package init() {
        var table = [UInt32](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var word = UInt32(index)
            for _ in 0..<8 { word = word & 1 == 1 ? (word >> 1) ^ 0xEDB8_8320 : word >> 1 }
            table[index] = word
        }
        for slice in 1..<8 {
            for index in 0..<256 {
                let word = table[(slice - 1) * 256 + index]
                table[slice * 256 + index] = (word >> 8) ^ table[Int(word & 0xFF)]
            }
        }
        self.table = table
    }

    /// The checksum of the bytes, continuing from an earlier part's checksum (0 for the first part).
    package func checksum(_ bytes: UnsafeRawBufferPointer, after earlier: UInt32 = 0) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc = ~earlier
            var position = 0
            let whole = bytes.count & ~7
            while position < whole {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let low = UInt32(truncatingIfNeeded: word) ^ crc
                let high = UInt32(truncatingIfNeeded: word >> 32)
                crc =
                    table[0x700 + Int(low & 0xFF)] ^ table[0x600 + Int(low >> 8 & 0xFF)]
                    ^ table[0x500 + Int(low >> 16 & 0xFF)] ^ table[0x400 + Int(low >> 24)]
                crc ^=
                    table[0x300 + Int(high & 0xFF)] ^ table[0x200 + Int(high >> 8 & 0xFF)]
                    ^ table[0x100 + Int(high >> 16 & 0xFF)] ^ table[Int(high >> 24)]
                position += 8
            }
            while position < bytes.count {
                crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
                position += 1
            }
            return ~crc
        }
    }

    /// The checksum of a whole array.
    package func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }
}
