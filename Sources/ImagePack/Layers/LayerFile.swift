// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
import HostFolders

/// User and group of an entry, as numbers: names would need the image's own `/etc/passwd`.
package struct FileOwner: Sendable, Hashable {
    package static let root = FileOwner(user: 0, group: 0)
    package var user: Int
    package var group: Int

    package init(user: Int, group: Int) {
        self.user = user
        self.group = group
    }

    /// `1000` or `1000:1000`; nil for names and for numbers that a tar header does not hold (7 octal digits). Without a group, root's.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { Int($0) }
        guard let first = parts.first, let user = first, let group = parts.count > 1 ? parts[1] : 0,
            (0..<1 << 21).contains(user), (0..<1 << 21).contains(group)
        else { return nil }
        self.init(user: user, group: group)
    }
}

/// One entry of a layer.
package struct LayerFile: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case directory
        /// A file of this machine, with what tells whether it is still the same one.
        case file(path: String, size: Int, modified: Int64, inode: UInt64)
        case bytes([UInt8])
        case link(String)
    }

    /// Path in the image without the leading slash.
    package var path: String
    package var content: Content
    package var mode: Int
    /// User and group of a directory; files are always root's.
    package var owner = FileOwner.root
    /// Bytes of a file that differ between two equal builds, see ``ExecutableIdentity``.
    package var volatile: [Range<Int>] = []

    package init(path: String, content: Content, mode: Int) {
        self.path = path.hasPrefix("/") ? String(path.dropFirst()) : path
        self.content = content
        self.mode = mode
    }

    /// A file of this machine as it is now; symbolic links are followed.
    package static func file(_ source: String, at path: String, mode: Int? = nil) throws(DevloopError) -> LayerFile {
        var info = stat()
        guard stat(source, &info) == 0 else {
            throw DevloopError(.image, "\(source) cannot be packed: \(String(cString: strerror(errno)))")
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw DevloopError(.image, "\(source) cannot be packed: it is no file")
        }
        let modified = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
        // Only the executable bit of the owner is carried; all else would make layers differ between machines.
        let own = info.st_mode & S_IXUSR != 0 ? 0o755 : 0o644
        return LayerFile(
            path: path,
            content: .file(path: source, size: Int(info.st_size), modified: modified, inode: UInt64(info.st_ino)),
            mode: mode ?? own)
    }

    /// All files below a directory, or the file itself.
    package static func tree(_ source: String, at path: String) throws(DevloopError) -> [LayerFile] {
        guard let names = Folder.names(in: source) else {
            if errno == ENOTDIR { return [try file(source, at: path)] }
            throw DevloopError(.image, "\(source) cannot be packed: \(String(cString: strerror(errno)))")
        }
        var found: [LayerFile] = []
        for name in names { found += try tree("\(source)/\(name)", at: "\(path)/\(name)") }
        return found
    }
}
