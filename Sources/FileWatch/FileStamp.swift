// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing

/// What the file system says about a file, or about a symbolic link and what it leads to. Two equal stamps mean an unchanged file, but for changes within one tick of
/// the kernel's clock; different stamps mean nothing yet (`touch`).
struct FileStamp: Sendable, Hashable {
    var size: Int
    var modified: FileTime
    /// Time of the last change of content or attributes; no program can set it.
    var changed: FileTime
    var inode: UInt64
    var isExecutable: Bool
    /// Of the link itself, which changes when it is made anew to lead elsewhere; 0 for what is no link.
    private var linkInode: UInt64 = 0
    private var linkChanged = FileTime(timespec())

    var isLink: Bool { linkInode != 0 }

    /// The stamp of a regular file or a symbolic link; nil when there is neither. A link that leads to a file has its
    /// size and times; one that leads to a folder, or nowhere, has its own.
    init?(_ path: String) {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        if info.st_mode & S_IFMT == S_IFLNK {
            linkInode = UInt64(info.st_ino)
            linkChanged = FileTime(info.st_ctim)
            var target = stat()
            if stat(path, &target) == 0, target.st_mode & S_IFMT == S_IFREG { info = target }
        } else if info.st_mode & S_IFMT != S_IFREG {
            return nil
        }
        size = Int(info.st_size)
        modified = FileTime(info.st_mtim)
        changed = FileTime(info.st_ctim)
        inode = UInt64(info.st_ino)
        isExecutable = info.st_mode & S_IXUSR != 0
    }

    /// Whether the file was changed so shortly before `now` that another change may carry the same times.
    func isRecent(_ now: FileTime) -> Bool {
        now.nanoseconds - max(changed.nanoseconds, linkChanged.nanoseconds) < 50_000_000
    }

    /// The digest of a file's bytes; for a link of the path in it, with that of the file that it leads to. Nil when it
    /// cannot be read.
    static func content(_ path: String) -> ContentDigest? {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let length = readlink(path, &buffer, buffer.count)
        guard length >= 0 else { return try? SHA256.digest(ofFile: path) }
        var target = stat()
        // Opening a pipe or a device could wait for ever.
        let leadsToFile = stat(path, &target) == 0 && target.st_mode & S_IFMT == S_IFREG
        let content = leadsToFile ? try? SHA256.digest(ofFile: path) : nil
        return SHA256.digest(of: buffer[..<length].map { UInt8(bitPattern: $0) } + [0] + (content?.bytes ?? []))
    }
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
