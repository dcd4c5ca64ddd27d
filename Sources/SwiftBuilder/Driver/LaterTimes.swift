// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Makes files look newer than anything that is there, for the time that a compiler looks at them.
///
/// The compiler of an importer compares the time of an interface with that of its own last run in whole seconds, and
/// takes an interface that was written within that second for one that it has seen.
struct LaterTimes {
    private let before: [(path: String, modified: timespec)]

    init(_ paths: Set<String>) {
        before = paths.compactMap { path in
            var info = stat()
            return stat(path, &info) == 0 ? (path, info.st_mtim) : nil
        }
        var later = timespec()
        clock_gettime(CLOCK_REALTIME, &later)
        later.tv_sec += 2
        for (path, _) in before { Self.set(path, later) }
    }

    func takeBack() { for (path, modified) in before { Self.set(path, modified) } }

    /// `UTIME_OMIT` of <sys/stat.h>, a macro that Swift does not see.
    private static let leaveAsItIs = (1 << 30) - 2

    private static func set(_ path: String, _ modified: timespec) {
        utimensat(AT_FDCWD, path, [timespec(tv_sec: 0, tv_nsec: leaveAsItIs), modified], 0)
    }
}
