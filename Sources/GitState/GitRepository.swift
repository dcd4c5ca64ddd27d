// SPDX-License-Identifier: Apache-2.0

import CGit2
import DevloopCore
import Glibc
import Synchronization

/// A git repository with a work tree, read only.
package final class GitRepository: Sendable {
    /// The one owner of a libgit2 handle.
    struct Handle: ~Copyable {
        let raw: OpaquePointer
        init(_ raw: OpaquePointer) { self.raw = raw }
        deinit { git_repository_free(raw) }
    }

    /// What the checked-out revision is.
    package struct Head: Sendable, Hashable {
        /// 40 hexadecimal digits.
        package var revision: String
        /// Name of the branch; nil when the head is detached.
        package var branch: String?
    }

    /// Absolute path of the work tree, symbolic links resolved, without a slash at its end.
    package let workTree: String
    /// Absolute path of the repository's own folder (`.git`, or where a linked work tree keeps its state).
    package let gitDirectory: String
    // libgit2 allows one thread at a time per repository.
    private let handle: Mutex<Handle>

    private init(_ handle: consuming sending Handle, workTree: String, gitDirectory: String) {
        self.handle = Mutex(handle)
        self.workTree = workTree
        self.gitDirectory = gitDirectory
    }

    /// Finds the repository that a file or folder lies in; nil when there is none, or none with a work tree.
    /// - Parameter path: absolute; it need not exist as long as a folder above it does.
    /// - Throws: ``DevloopError`` with code `git` when there is one that cannot be read.
    package static func discover(from path: String) throws -> GitRepository? {
        try GitLibrary.start()
        var folder = path
        while access(folder, F_OK) != 0, let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            folder = String(folder[..<slash])
        }
        var raw: OpaquePointer?
        let code = git_repository_open_ext(&raw, folder, 0, nil)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        try GitLibrary.check(code, "cannot open the git repository of '\(path)'")
        guard let raw else { return nil }
        let handle = Handle(raw)
        guard let tree = git_repository_workdir(raw), let own = git_repository_path(raw) else { return nil }
        return GitRepository(handle, workTree: trimmed(tree), gitDirectory: trimmed(own))
    }

    /// The checked-out revision; nil before the first commit.
    package func head() throws -> Head? {
        try with { repository in
            var reference: OpaquePointer?
            let code = git_repository_head(&reference, repository)
            if code == GIT_EUNBORNBRANCH.rawValue || code == GIT_ENOTFOUND.rawValue { return nil }
            try GitLibrary.check(code, "cannot read the head of '\(workTree)'")
            defer { git_reference_free(reference) }
            var commit: OpaquePointer?
            try GitLibrary.check(
                git_reference_peel(&commit, reference, GIT_OBJECT_COMMIT), "cannot read the head of '\(workTree)'")
            defer { git_object_free(commit) }
            var text = [CChar](repeating: 0, count: 41)
            git_oid_tostr(&text, text.count, git_object_id(commit))
            let isBranch = git_reference_is_branch(reference) == 1
            return Head(
                revision: String(decoding: text.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self),
                branch: isBranch ? git_reference_shorthand(reference).map { String(cString: $0) } : nil)
        }
    }

    /// A path inside the work tree relative to it; nil when it lies outside.
    package func relativePath(_ path: String) -> String? {
        if path == workTree { return "" }
        let prefix = workTree == "/" ? "/" : workTree + "/"
        guard path.hasPrefix(prefix) else { return nil }
        return String(path.dropFirst(prefix.count))
    }

    /// Uses the handle while no other thread does.
    func with<R: Sendable>(_ body: (OpaquePointer) throws -> R) rethrows -> R {
        try handle.withLock { try body($0.raw) }
    }

    private static func trimmed(_ path: UnsafePointer<CChar>) -> String {
        var text = String(cString: path)
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
