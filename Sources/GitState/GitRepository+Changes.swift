// SPDX-License-Identifier: Apache-2.0

import CGit2
import DevloopCore

extension GitRepository {
    /// Whether the work tree or the index differs from the head; untracked files count, ignored ones do not.
    package func isDirty() throws -> Bool { try !changedFiles().isEmpty }

    /// The files that differ between a revision and the work tree as it is now, with untracked files.
    /// - Parameter revision: anything that git understands (`HEAD~2`, a tag, `origin/main`); nil is the head.
    /// - Returns: sorted paths relative to ``workTree``.
    /// - Throws: ``DevloopError`` with code `git` for a revision that does not exist.
    package func changedFiles(since revision: String? = nil) throws -> [String] {
        try with { repository in
            let tree = try Self.tree(revision, in: repository)
            defer { git_object_free(tree) }
            var options = git_diff_options()
            try GitLibrary.check(
                git_diff_options_init(&options, UInt32(GIT_DIFF_OPTIONS_VERSION)), "cannot compare with git")
            options.flags =
                GIT_DIFF_INCLUDE_UNTRACKED.rawValue | GIT_DIFF_RECURSE_UNTRACKED_DIRS.rawValue
                | GIT_DIFF_INCLUDE_TYPECHANGE.rawValue
            var diff: OpaquePointer?
            try GitLibrary.check(
                git_diff_tree_to_workdir_with_index(&diff, repository, tree, &options),
                "cannot compare '\(workTree)' with \(revision ?? "its head")")
            defer { git_diff_free(diff) }
            var paths: Set<String> = []
            for index in 0..<git_diff_num_deltas(diff) {
                guard let delta = git_diff_get_delta(diff, index)?.pointee else { continue }
                for path in [delta.old_file.path, delta.new_file.path] {
                    if let path { paths.insert(String(cString: path)) }
                }
            }
            return paths.sorted()
        }
    }

    /// The tree of a revision; nil for the head of a repository without commits.
    private static func tree(_ revision: String?, in repository: OpaquePointer) throws -> OpaquePointer? {
        if revision == nil, git_repository_head_unborn(repository) == 1 { return nil }
        let name = revision ?? "HEAD"
        var object: OpaquePointer?
        let code = git_revparse_single(&object, repository, name)
        if code == GIT_ENOTFOUND.rawValue {
            throw DevloopError(.git, "there is no revision '\(name)'", hint: "git log --oneline lists what there is")
        }
        try GitLibrary.check(code, "cannot read revision '\(name)'")
        defer { git_object_free(object) }
        var tree: OpaquePointer?
        try GitLibrary.check(git_object_peel(&tree, object, GIT_OBJECT_TREE), "'\(name)' is no commit")
        return tree
    }
}
