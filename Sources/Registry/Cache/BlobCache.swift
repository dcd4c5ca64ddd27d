// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
package import Hashing
import HostFolders
package import ImagePack
import ProcessRunner
import Synchronization

/// Blobs of images on this machine, by digest: layers of bases, and our own layers compressed.
///
/// Several processes may use one folder: a blob appears under its name complete and checked, or not at all, and two
/// that fetch the same one write the same bytes.
package final class BlobCache: Sendable {
    /// Of files that are being written.
    static let partSuffix = ".part"
    /// Blobs that were used within that time are not removed, in seconds: a session may be reading them.
    private static let protection = 3600
    /// Part files older than that were left behind by a process that died, in seconds.
    private static let abandonment = 86_400

    package let folder: String
    private let limit: Int
    /// Blobs whose bytes this process has checked.
    private let checked = Mutex<Set<ContentDigest>>([])

    /// - Parameters:
    ///   - folder: made if it is missing.
    ///   - limit: bytes; the blobs that were not used for longest go first.
    /// - Throws: `DevloopError` with code image when the folder cannot be made.
    package init(folder: String, limit: Int = 8 << 30) throws(DevloopError) {
        self.folder = folder
        self.limit = limit
        for path in [folder, "\(folder)/records"] where mkdir(path, 0o755) != 0 && errno != EEXIST {
            throw Self.failure("make", path, errno)
        }
    }

    /// The user's own: `${XDG_CACHE_HOME:-~/.cache}/devloop/blobs`.
    /// - Throws: `DevloopError` with code image when the folder cannot be made.
    package static func ofUser() throws(DevloopError) -> BlobCache {
        var base = ProcessEnvironment.value("XDG_CACHE_HOME") ?? ""
        if !base.hasPrefix("/") {
            guard let home = ProcessEnvironment.value("HOME") else {
                throw DevloopError(
                    .image, "there is no place for images: neither XDG_CACHE_HOME nor HOME is set",
                    hint: "set XDG_CACHE_HOME to a folder")
            }
            base = "\(home)/.cache"
        }
        for path in [base, "\(base)/devloop"] where mkdir(path, 0o755) != 0 && errno != EEXIST {
            throw failure("make", path, errno)
        }
        return try BlobCache(folder: "\(base)/devloop/blobs")
    }

    package func path(_ digest: ContentDigest) -> String { "\(folder)/\(digest.hex)" }

    /// The blob, if it is here whole; it counts as used now.
    /// - Parameter size: of its descriptor.
    package func find(_ digest: ContentDigest, size: Int? = nil) -> ByteSource? {
        let path = path(digest)
        var info = stat()
        guard stat(path, &info) == 0, size.map({ $0 == Int(info.st_size) }) ?? true else { return nil }
        if !checked.withLock({ $0.contains(digest) }) {
            guard (try? SHA256.digest(ofFile: path)) == digest else {
                // Disks rot. What is damaged is fetched again.
                unlink(path)
                return nil
            }
            checked.withLock { _ = $0.insert(digest) }
        }
        utimensat(AT_FDCWD, path, nil, 0)
        var source = ByteSource()
        source.append(file: path, size: Int(info.st_size))
        return source
    }

    /// Begins to write a blob.
    /// - Throws: `DevloopError` with code image.
    package func writer(_ digest: ContentDigest? = nil, size: Int? = nil) throws(DevloopError) -> BlobWriter {
        prune(for: size ?? 0)
        return try BlobWriter(self, digest: digest, size: size)
    }

    /// Puts small bytes in.
    package func add(_ bytes: [UInt8]) throws(DevloopError) {
        var writer = try writer(SHA256.digest(of: bytes), size: bytes.count)
        try writer.write(bytes)
        try writer.finish()
    }

    // MARK: records

    /// Keeps a note under a key, over sessions. Notes only save work: one that cannot be written is not missed.
    package func remember(_ key: String, _ value: JSONValue) {
        SmallFile.replace(record(key), with: value.jsonBytes)
    }

    package func recall(_ key: String) -> JSONValue? {
        (try? SmallFile.read(record(key))).flatMap { try? JSONValue(parsing: $0) }
    }

    private func record(_ key: String) -> String {
        "\(folder)/records/\(SHA256.digest(of: Array(key.utf8)).hex).json"
    }

    // MARK: the bound

    /// Removes what was not used for longest until the limit leaves room.
    private func prune(for room: Int) {
        var blobs: [(path: String, size: Int, used: Int)] = []
        let now = time(nil)
        for name in Folder.names(in: folder) ?? [] {
            let path = "\(folder)/\(name)"
            var info = stat()
            guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { continue }
            if name.hasSuffix(Self.partSuffix) {
                if now - info.st_mtim.tv_sec > Self.abandonment { unlink(path) }
            } else {
                blobs.append((path, Int(info.st_size), info.st_mtim.tv_sec))
            }
        }
        var total = blobs.map(\.size).reduce(room, +)
        for blob in blobs.sorted(by: { $0.used < $1.used }) where total > limit {
            guard now - blob.used > Self.protection else { return }
            unlink(blob.path)
            total -= blob.size
        }
    }

    static func failure(_ what: String, _ path: String, _ code: Int32) -> DevloopError {
        DevloopError(
            .image, "cannot \(what) \(path): \(String(cString: strerror(code)))",
            hint: code == ENOSPC || code == EDQUOT
                ? "make room, or set XDG_CACHE_HOME to a folder on another disk" : "check the rights of the folder")
    }
}
