// SPDX-License-Identifier: Apache-2.0

import CCrypto
import Glibc

/// SHA-256 by libcrypto, which uses the processor's own instructions where it has them.
///
/// libcrypto instead of a Swift package: it is loaded anyway below libcurl, and costs no build time.
package struct SHA256 {
    private var context = SHA256_CTX()

    package init() { dl_sha256_init(&context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        dl_sha256_update(&context, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// Ends the computation; the value must not be used again.
    package mutating func finish() -> ContentDigest {
        let bytes = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            if let base = buffer.baseAddress { dl_sha256_final(base, &context) }
            count = 32
        }
        guard let digest = ContentDigest(bytes: bytes) else { preconditionFailure("a digest has 32 bytes") }
        return digest
    }

    package static func digest(of bytes: [UInt8]) -> ContentDigest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// Reads the file once, in pieces of 1 MiB, and never holds it whole.
    /// - Throws: ``FileReadError`` with the errno when it cannot be opened or read.
    package static func digest(ofFile path: String) throws(FileReadError) -> ContentDigest {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileReadError(path: path, errno: errno) }
        defer { close(descriptor) }
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count == 0 { return hash.finish() }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileReadError(path: path, errno: errno)
            }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[0..<count]))
        }
    }
}

/// A file could not be opened or read; `errno` says why.
package struct FileReadError: Error, Sendable {
    package var path: String
    package var errno: Int32
}
