// SPDX-License-Identifier: Apache-2.0

import CAgent

/// A running SHA-256.
struct Digest {
    private var state = dl_sha256()

    init() { dl_sha256_begin(&state) }

    mutating func add(_ bytes: UnsafeRawBufferPointer) { dl_sha256_add(&state, bytes.baseAddress, bytes.count) }

    mutating func finish() -> Bytes {
        Bytes(unsafeUninitializedCapacity: SyncLimits.digestSize) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            dl_sha256_end(&state, base)
            count = SyncLimits.digestSize
        }
    }

    static func of(_ bytes: Bytes) -> Bytes {
        var digest = Digest()
        bytes.withUnsafeBytes { digest.add($0) }
        return digest.finish()
    }

    /// The digest of an open file from its start; nil when it cannot be read.
    static func ofFile(_ descriptor: Int32, _ scratch: Scratch) -> Bytes? {
        var digest = Digest()
        var offset: UInt64 = 0
        while true {
            let count = dl_read_at(descriptor, scratch.base, scratch.size, offset)
            guard count >= 0 else { return nil }
            if count == 0 { return digest.finish() }
            digest.add(UnsafeRawBufferPointer(start: scratch.base, count: count))
            offset += UInt64(count)
        }
    }
}

/// One buffer for all reading: the agent does one thing at a time.
final class Scratch {
    let size = 256 << 10
    let base: UnsafeMutableRawPointer

    init() { base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096) }

    deinit { base.deallocate() }
}
