// SPDX-License-Identifier: Apache-2.0

import Hashing

/// What the container holds of a file, block by block, so that only blocks that differ are sent.
///
/// The host makes it while it sends, so it costs no round trip. Blocks are compared at their place: a linker that
/// changes a constant leaves the rest where it was; measured, this is what makes a large executable cheap.
struct BlockSignature: Sendable {
    /// 32 KiB: a changed byte costs one block; 90 MB make 2,800 entries.
    static let blockSize = 32 << 10

    /// Digest of the whole content.
    var digest: ContentDigest
    /// First eight bytes of the SHA-256 of each block; the digest of the whole file proves the outcome.
    var blocks: [UInt64]

    static func hash(_ block: UnsafeRawBufferPointer) -> UInt64 {
        var hash = SHA256()
        hash.update(block)
        return hash.finish().bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
