// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What git is doing to a work tree at one moment, by the files that it keeps for that.
package struct GitActivity: Sendable, Hashable {
    /// A lock of a git process that works, or of one that has died.
    package struct Lock: Sendable, Hashable {
        package var path: String
        /// When it was written, in nanoseconds since 1970; tells one lock from the next of the same name.
        package var written: Int
    }

    package var lock: Lock?
    /// Nanoseconds since 1970 at which head or index moved last, while a rebase or a row of picks is in progress; nil
    /// when none is.
    package var lastStep: Int?

    /// Neither locked nor between two steps.
    package var isIdle: Bool { lock == nil && lastStep == nil }
}

extension GitRepository {
    /// Looks at the lock of the index (checkout, merge, reset, stash, each step of a rebase), at that of the head, and
    /// for operations of many steps. Works in linked work trees, whose `.git` is a file, and in submodules.
    package func activity() -> GitActivity {
        var activity = GitActivity()
        for name in ["index.lock", "HEAD.lock"] {
            let path = "\(gitDirectory)/\(name)"
            guard let written = Self.modified(path) else { continue }
            activity.lock = GitActivity.Lock(path: path, written: written)
            break
        }
        let hasSteps = ["rebase-merge", "rebase-apply", "sequencer"].contains {
            Self.modified("\(gitDirectory)/\($0)") != nil
        }
        if hasSteps {
            activity.lastStep = ["HEAD", "index"].compactMap { Self.modified("\(gitDirectory)/\($0)") }.max()
        }
        return activity
    }

    /// Nil when there is nothing at the path.
    private static func modified(_ path: String) -> Int? {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        return info.st_mtim.tv_sec * 1_000_000_000 + info.st_mtim.tv_nsec
    }
}
