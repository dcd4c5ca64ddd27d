// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import LoopEngine
import PodSync
import Synchronization

/// Describes files for a set. Those that are as they were when they were described last are not read again: the
/// libraries of a large program are 20 MB, and part of every set.
final class FileDigests: Sendable {
    private struct Stamp: Equatable {
        var size: off_t
        var inode: ino_t
        var modified: Int
        var changed: Int
    }

    private let known = Mutex<[String: (stamp: Stamp, digest: ContentDigest)]>([:])

    /// - Throws: `DevloopError` with code sync when the file cannot be read.
    func describe(_ file: SyncSet.File) throws -> SyncFile {
        var info = stat()
        guard stat(file.source, &info) == 0 else {
            throw DevloopError(.sync, "\(file.source) cannot be read: \(String(cString: strerror(errno)))")
        }
        let isExecutable = file.isExecutable || info.st_mode & S_IXUSR != 0
        return SyncFile(
            destination: file.destination, source: .file(file.source), mode: isExecutable ? 0o755 : 0o644,
            digest: try digest(file.source, info), size: UInt64(info.st_size), isEntry: file.isEntry)
    }

    private func digest(_ path: String, _ info: stat) throws -> ContentDigest {
        let stamp = Stamp(
            size: info.st_size, inode: info.st_ino,
            modified: info.st_mtim.tv_sec * 1_000_000_000 + info.st_mtim.tv_nsec,
            changed: info.st_ctim.tv_sec * 1_000_000_000 + info.st_ctim.tv_nsec)
        if let found = known.withLock({ $0[path] }), found.stamp == stamp { return found.digest }
        do {
            let digest = try SHA256.digest(ofFile: path)
            known.withLock { $0[path] = (stamp, digest) }
            return digest
        } catch {
            throw DevloopError(.sync, "\(path) cannot be read: \(String(cString: strerror(error.errno)))")
        }
    }
}
