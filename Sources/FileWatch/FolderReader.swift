// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads the names in a folder.
enum FolderReader {
    enum Kind: Sendable {
        case folder
        /// A regular file, or a link, which may point to one.
        case file
    }

    /// Names and kinds in no order; sockets, pipes and devices are left out. Nil when the folder cannot be read.
    static func entries(_ path: String) -> [(name: String, kind: Kind)]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var entries: [(name: String, kind: Kind)] = []
        while let entry = readdir(directory) {
            let type = Int(entry.pointee.d_type)
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            switch type {
            case Int(DT_DIR): entries.append((name, .folder))
            case Int(DT_REG), Int(DT_LNK): entries.append((name, .file))
            case Int(DT_UNKNOWN):
                // Some file systems do not tell the kind in the listing.
                if let kind = kind("\(path)/\(name)") { entries.append((name, kind)) }
            default: break
            }
        }
        return entries
    }

    /// The kind of one path, links not followed; nil when it is missing or something special.
    static func kind(_ path: String) -> Kind? {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        switch info.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFREG, S_IFLNK: return .file
        default: return nil
        }
    }

    /// Whether there is a directory at the path, links followed: a root may be a link.
    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }
}
