// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc

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
        guard let directory = opendir(source) else {
            if errno == ENOTDIR { return [try file(source, at: path)] }
            throw DevloopError(.image, "\(source) cannot be packed: \(String(cString: strerror(errno)))")
        }
        defer { closedir(directory) }
        var found: [LayerFile] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            found += try tree("\(source)/\(name)", at: "\(path)/\(name)")
        }
        return found
    }
}
