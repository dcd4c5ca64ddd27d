// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
import Hashing

/// Writes one blob of the cache. It gets its name only when its bytes are what the digest says.
package struct BlobWriter: ~Copyable {
    private let digest: ContentDigest?
    private let size: Int?
    private let temporary: String
    private let cache: BlobCache
    private let descriptor: Int32
    private var hash = SHA256()
    package private(set) var written = 0

    /// - Parameter digest: nil for a blob whose digest is known only at its end.
    init(_ cache: BlobCache, digest: ContentDigest?, size: Int?) throws(DevloopError) {
        self.cache = cache
        self.digest = digest
        self.size = size
        temporary = "\(cache.folder)/\(getpid())-\(UInt64.random(in: 0 ... .max))\(BlobCache.partSuffix)"
        descriptor = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw BlobCache.failure("write", temporary, errno) }
    }

    deinit {
        close(descriptor)
        // After a rename there is nothing of that name.
        unlink(temporary)
    }

    /// - Throws: `DevloopError` with code image: the disk is full, more bytes than there should be.
    package mutating func write(_ bytes: [UInt8]) throws(DevloopError) {
        if let size, written + bytes.count > size {
            throw DevloopError(
                .image, "\(digest?.oci ?? "a blob") is larger than the \(size) bytes that it should have")
        }
        var done = 0
        var code: Int32 = 0
        bytes.withUnsafeBytes { buffer in
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    code = count < 0 ? errno : EIO
                    return
                }
                done += count
            }
        }
        guard code == 0 else { throw BlobCache.failure("write", temporary, code) }
        hash.update(bytes)
        written += bytes.count
    }

    /// Begins anew.
    mutating func restart() throws(DevloopError) {
        guard written > 0 else { return }
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw BlobCache.failure("write", temporary, errno)
        }
        hash = SHA256()
        written = 0
    }

    /// Gives the blob its name. Call once, last.
    /// - Throws: `DevloopError` with code image when the bytes are not those that the digest says.
    package consuming func finish() throws(DevloopError) { _ = try seal() }

    /// Like ``finish()``; the digest of what was written.
    consuming func seal() throws(DevloopError) -> ContentDigest {
        let found = hash.finish()
        if let digest, digest != found {
            throw DevloopError(
                .image, "what was fetched as \(digest.oci) is \(found.oci), \(written) bytes",
                hint: "the registry or a proxy before it is damaged; try again")
        }
        fchmod(descriptor, 0o644)
        let path = cache.path(found)
        guard rename(temporary, path) == 0 else { throw BlobCache.failure("write", path, errno) }
        return found
    }
}
