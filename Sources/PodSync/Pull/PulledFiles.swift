// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HostFolders

/// Brings what was pulled to its destination.
package enum PulledFiles {
    /// - Parameters:
    ///   - item: absolute path of a file or folder, on the same file system.
    ///   - destination: absolute path.
    ///   - force: replaces files that are there, and puts the content of a folder into one that is there.
    /// - Throws: code `.file` when something is in the way; without `force` nothing was changed then, with it nothing
    ///   either, as long as nobody else works there.
    package static func move(_ item: String, to destination: String, force: Bool) throws {
        if kind(destination) != nil {
            guard force else {
                throw DevloopError(
                    .file, "\(destination) is there already",
                    hint: "name another destination, or overwrite it with --force")
            }
            try check(item, against: destination)
            return try merge(item, into: destination)
        }
        // A file that comes this very moment is not overwritten: a hard link is made only where nothing is.
        if kind(item) == .folder {
            guard rename(item, destination) == 0 else { throw PullTree.error("cannot make \(destination)") }
        } else {
            guard link(item, destination) == 0 else { throw PullTree.error("cannot make \(destination)") }
            unlink(item)
        }
    }

    private enum Kind { case folder, other }

    private static func kind(_ path: String) -> Kind? {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        return info.st_mode & S_IFMT == S_IFDIR ? .folder : .other
    }

    /// Whether all fits, before anything is moved.
    private static func check(_ item: String, against destination: String) throws {
        guard let there = kind(destination) else { return }
        guard let here = kind(item), here == there else {
            throw DevloopError(
                .file,
                "\(destination) is \(there == .folder ? "a folder" : "no folder"), which --force does not replace",
                hint: "name another destination")
        }
        guard here == .folder else { return }
        for name in names(item) { try check("\(item)/\(name)", against: "\(destination)/\(name)") }
    }

    private static func merge(_ item: String, into destination: String) throws {
        guard kind(item) == .folder, kind(destination) == .folder else {
            guard rename(item, destination) == 0 else { throw PullTree.error("cannot make \(destination)") }
            return
        }
        var info = stat()
        guard lstat(item, &info) == 0 else { throw PullTree.error("cannot read \(item)") }
        chmod(item, 0o700)
        for name in names(item) { try merge("\(item)/\(name)", into: "\(destination)/\(name)") }
        chmod(destination, info.st_mode & 0o777)
    }

    private static func names(_ folder: String) -> [String] { (Folder.names(in: folder) ?? []).sorted() }

    /// Removes a folder of ours with all below, whatever modes were pulled.
    static func removeTree(_ path: String) {
        guard kind(path) == .folder else {
            unlink(path)
            return
        }
        chmod(path, 0o700)
        for name in names(path) { removeTree("\(path)/\(name)") }
        rmdir(path)
    }
}
