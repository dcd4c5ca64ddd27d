// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells without reading whether a path still leads to what was there: a save changes at least one of these.
struct FileStamp: Equatable, Sendable {
    private var exists = false
    private var device: UInt = 0
    private var inode: UInt = 0
    private var size: Int = 0
    private var seconds: Int = 0
    private var nanoseconds: Int = 0

    /// The present state of what a path leads to, links followed.
    init(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        exists = true
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
