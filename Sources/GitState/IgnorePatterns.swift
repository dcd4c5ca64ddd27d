// SPDX-License-Identifier: Apache-2.0

import CGit2
import DevloopCore
import Glibc
import Synchronization

/// Rules in the syntax of `.gitignore` that need no repository, such as those of `.devloopignore`.
package final class IgnorePatterns: Sendable {
    /// The folder that the rules are relative to; absolute, symbolic links resolved.
    package let base: String
    // A repository in memory carries the rules; libgit2 offers its matcher in no other way.
    private let handle: Mutex<GitRepository.Handle>

    /// - Parameter rules: lines of a `.gitignore`; comments and empty lines are allowed.
    package init(_ rules: String, base: String) throws {
        try GitLibrary.start()
        var raw: OpaquePointer?
        try GitLibrary.check(git_repository_new(&raw), "cannot read ignore rules")
        guard let raw else { throw DevloopError(.git, "cannot read ignore rules") }
        let handle = GitRepository.Handle(raw)
        try GitLibrary.check(git_ignore_clear_internal_rules(raw), "cannot read ignore rules")
        try GitLibrary.check(git_ignore_add_rule(raw, rules), "cannot read ignore rules")
        self.handle = Mutex(handle)
        self.base = base
    }

    /// Whether the rules ignore a path, or a directory above it; a path outside of ``base`` is not ignored.
    package func isIgnored(_ path: String, isDirectory: Bool) -> Bool {
        let prefix = base == "/" ? "/" : base + "/"
        guard path.hasPrefix(prefix) else { return false }
        let relative = String(path.dropFirst(prefix.count)) + (isDirectory ? "/" : "")
        return handle.withLock { handle in
            var isIgnored: CInt = 0
            return git_ignore_path_is_ignored(&isIgnored, handle.raw, relative) == 0 && isIgnored == 1
        }
    }
}
