// SPDX-License-Identifier: Apache-2.0

import CGit2

extension GitRepository {
    /// Whether git ignores a path, by `.gitignore` files, `.git/info/exclude` and the user's own list. A file that is in
    /// the index is never ignored, whatever the rules say.
    /// - Parameters:
    ///   - path: absolute, symbolic links above it resolved; a path outside of the work tree is not ignored.
    ///   - isDirectory: rules with a slash at their end match directories only.
    package func isIgnored(_ path: String, isDirectory: Bool) -> Bool {
        guard let relative = relativePath(path), !relative.isEmpty else { return false }
        return with { repository in
            var isIgnored: CInt = 0
            let name = isDirectory ? relative + "/" : relative
            guard git_ignore_path_is_ignored(&isIgnored, repository, name) == 0, isIgnored == 1 else { return false }
            return isDirectory || !Self.isTracked(relative, in: repository)
        }
    }

    private static func isTracked(_ path: String, in repository: OpaquePointer) -> Bool {
        var index: OpaquePointer?
        guard git_repository_index(&index, repository) == 0 else { return false }
        defer { git_index_free(index) }
        // Reads the file again only when it has changed.
        git_index_read(index, 0)
        return git_index_get_bypath(index, path, 0) != nil
    }
}
