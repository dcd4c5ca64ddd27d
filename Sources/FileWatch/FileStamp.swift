// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing

/// What the file system says about a file. Two equal stamps mean an unchanged file, but for changes within one tick of
/// the kernel's clock; different stamps mean nothing yet (`touch`).
struct FileStamp: Sendable, Hashable {
    var size: Int
    var modified: FileTime
    /// Time of the last change of content or attributes; no program can set it.
    var changed: FileTime
    var inode: UInt64
    var isExecutable: Bool

    /// The stamp of a regular file, links followed; nil when there is none or it is something else.
    init?(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        size = Int(info.st_size)
        modified = FileTime(info.st_mtim)
        changed = FileTime(info.st_ctim)
        inode = UInt64(info.st_ino)
        isExecutable = info.st_mode & S_IXUSR != 0
    }

    /// Whether the file was changed so shortly before `now` that another change may carry the same times.
    func isRecent(_ now: FileTime) -> Bool { now.nanoseconds - changed.nanoseconds < 50_000_000 }
}

/// Wall-clock time of the file system.
struct FileTime: Sendable, Hashable {
    /// Since 1970.
    var nanoseconds: Int

    init(_ time: timespec) { nanoseconds = time.tv_sec * 1_000_000_000 + time.tv_nsec }

    static func now() -> FileTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileTime(time)
    }
}
