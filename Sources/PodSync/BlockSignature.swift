// SPDX-License-Identifier: Apache-2.0

import Hashing

/// What the container holds of a file, block by block, so that only blocks that differ are sent.
///
/// The host makes it when it reads a file, so it costs no round trip. Blocks are compared at their place: a linker that
/// changes a constant leaves the rest where it was; measured, this is what makes a large executable cheap.
struct BlockSignature: Sendable {
    /// 4 KiB: a changed byte costs one block. Where a linker moves what is referred to, changes are spread thin: of a
    /// 16 MB executable with 25 KB of changed bytes, blocks of 32 KiB sent 9 MB, these 4 MB. 90 MB make 23,000 entries.
    static let blockSize = 4 << 10

    /// Digest of the whole content.
    var digest: ContentDigest
    /// ``hash(_:)`` of each block.
    var blocks: [UInt64]

    /// 64 bits that tell blocks apart, at memory speed; the content is our own, so nobody looks for collisions. One that
    /// happens costs a second sending: the SHA-256 of the whole file proves the outcome in the container.
    ///
    /// Four sums side by side, because each multiplication waits for the one before it.
    static func hash(_ block: UnsafeRawBufferPointer) -> UInt64 {
        var a = Self.seeds.0
        var b = Self.seeds.1
        var c = Self.seeds.2
        var d = Self.seeds.3
        var position = 0
        let whole = block.count & ~31
        while position < whole {
            a = mix(a, block.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            b = mix(b, block.loadUnaligned(fromByteOffset: position &+ 8, as: UInt64.self))
            c = mix(c, block.loadUnaligned(fromByteOffset: position &+ 16, as: UInt64.self))
            d = mix(d, block.loadUnaligned(fromByteOffset: position &+ 24, as: UInt64.self))
            position &+= 32
        }
        while position < block.count {
            a = mix(a, UInt64(block[position]))
            position &+= 1
        }
        return mix(mix(mix(mix(UInt64(block.count), a), b), c), d)
    }

    /// ``hash(_:)`` of each block of bytes that start at a block's boundary.
    static func hashes(of bytes: [UInt8]) -> [UInt64] {
        bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count, by: blockSize).map { start in
                hash(UnsafeRawBufferPointer(rebasing: buffer[start..<min(start + blockSize, buffer.count)]))
            }
        }
    }

    /// Odd, with bits well spread: the fractions of the square roots of 2, 3, 5 and 7.
    private static let seeds: (UInt64, UInt64, UInt64, UInt64) = (
        0x6A09_E667_F3BC_C909, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1
    )

    /// Takes a word in. Every step can be undone, so that two blocks that differ in one word never come out alike. The
    /// turn brings high bits down, which a product alone never does; the word has a product of its own, because else a
    /// bit that the turn brings to the top could be taken back by one bit of the next word.
    @inline(__always)
    private static func mix(_ sum: UInt64, _ word: UInt64) -> UInt64 {
        let both = sum ^ (word &* 0xD1B5_4A32_D192_ED03)
        return ((both &<< 31) | (both &>> 33)) &* 0x9E37_79B9_7F4A_7C15
    }
}
