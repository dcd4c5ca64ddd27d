// SPDX-License-Identifier: Apache-2.0

import CAgent

/// The supervised process.
struct App {
    enum Phase {
        case notStarted
        case running
        /// TERM was sent; the newest files are started when the whole group is gone.
        case stopping
        /// It ended soon after a change set: the next one starts it.
        case waiting
    }

    var phase = Phase.notStarted
    /// 0 when it has ended.
    var pid: Int32 = 0
    /// The process group, which may outlive the process.
    var group: Int32 = 0
    /// Set that it was started with.
    var set: UInt64 = 0
    /// Microseconds of the clock.
    var started: UInt64 = 0
    /// When the restart was ordered, in microseconds; 0 for the first start.
    var ordered: UInt64 = 0
    /// When the group is killed, in milliseconds; 0 when nothing is due.
    var killAt: UInt64 = 0
    /// It runs the synced executable, which is a script.
    var isScript = false

    /// True when no process of the group is left.
    var isGroupGone: Bool { group == 0 || dl_kill_group(group, 0) != 0 }

    /// Milliseconds since the start.
    var uptime: UInt64 { (dl_now_us() - started) / 1_000 }
}

/// The inode of an executable whose content is known.
struct KnownProgram {
    var device: UInt64
    var inode: UInt64
    var size: UInt64
    var digest: Bytes

    init(_ info: dl_file_info, digest: Bytes) {
        device = info.device
        inode = info.inode
        size = info.size
        self.digest = digest
    }

    func isSame(as info: dl_file_info) -> Bool {
        device == info.device && inode == info.inode && size == info.size
    }
}
