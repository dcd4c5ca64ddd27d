// SPDX-License-Identifier: Apache-2.0

/// Hashes and orders byte arrays.
enum ByteHash {
    /// A hash of the bytes, the same in every run; never 0.
    static func hash(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: buffer.count)
            var offset = 0
            while offset + 8 <= buffer.count {
                hash = mix(hash, buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            var tail: UInt64 = 0
            while offset < buffer.count {
                tail = tail << 8 | UInt64(buffer[offset])
                offset += 1
            }
            let result = Int(truncatingIfNeeded: mix(hash, tail) >> 1)
            return result == 0 ? 1 : result
        }
    }

    /// Scatters the bits of a number.
    static func hash(_ number: Int) -> Int {
        Int(truncatingIfNeeded: mix(0x9E37_79B9_7F4A_7C15, UInt64(bitPattern: Int64(number))) >> 1)
    }

    static func combine(_ hash: Int, _ other: Int) -> Int {
        Int(truncatingIfNeeded: mix(UInt64(truncatingIfNeeded: hash), UInt64(truncatingIfNeeded: other)) >> 1)
    }

    /// One round: a wide multiplication folded in half.
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let factor = 0xE703_7ED1_A0B4_28DB &+ word << 1
        let (high, low) = (hash ^ word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: factor)
        return high ^ low
    }

    /// The lexicographic order: negative, zero or positive.
    static func order(_ left: [UInt8], _ right: [UInt8]) -> Int {
        let count = min(left.count, right.count)
        for index in 0..<count where left[index] != right[index] {
            return left[index] < right[index] ? -1 : 1
        }
        return left.count - right.count
    }
}
