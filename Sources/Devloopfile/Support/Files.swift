// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HostFolders

/// What the evaluation asks of the file system.
enum Files {
    enum Kind { case file, directory, other }

    /// Follows symbolic links; nil when there is nothing.
    static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: return .other
        }
    }

    /// The whole file. Reads until the end rather than by size, so that pipes and /proc work as well.
    /// - Throws: code `.file`, with the path as given and the system's reason.
    static func read(_ path: String) throws(DevloopError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            bytes += chunk.prefix(count)
        }
    }

    /// Names in a directory, sorted by bytes, without `.` and `..`.
    /// - Throws: code `.file`.
    static func names(in directory: String) throws(DevloopError) -> [String] {
        guard let names = Folder.names(in: directory) else { throw failure(directory) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether the entry itself, not what a link points to, is a directory. Keeps walks out of link cycles.
    static func isRealDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The path with all symbolic links followed; nil when it does not exist.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func failure(_ path: String) -> DevloopError {
        let reason = errno == ENOENT ? "no such file or directory" : String(cString: strerror(errno)).lowercased()
        return DevloopError(.file, "cannot read \"\(path)\": \(reason)", at: SourceLocation(file: path))
    }
}
