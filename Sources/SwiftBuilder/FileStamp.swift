// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the file system says about a file; equal stamps mean the same file with the same content.
struct FileStamp: Sendable, Hashable {
    var size: Int
    /// Nanoseconds since 1970.
    var modified: Int
    var changed: Int
    var inode: UInt64
}

extension FileStamp {
    /// Nil when there is no such file.
    init?(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(
            size: Int(info.st_size),
            modified: info.st_mtim.tv_sec * 1_000_000_000 + info.st_mtim.tv_nsec,
            changed: info.st_ctim.tv_sec * 1_000_000_000 + info.st_ctim.tv_nsec,
            inode: UInt64(info.st_ino))
    }
}

/// Wall-clock time as file systems keep it.
enum WallClock {
    /// Nanoseconds since 1970.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
