// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import HostFolders
import Plan

/// Finds the files of a build context.
struct ContextWalk {
    private(set) var entries: [BuildContext.Entry] = []
    var fingerprint = SHA256()

    /// Directory that paths are relative to.
    private(set) var root: String
    private let only: [String]
    private let ignored: PathFilter
    /// Directories on the way that are ignored themselves; they are added when something in them is not.
    private var pending: [BuildContext.Entry] = []

    init(_ path: String, only: [String], ignored: PathFilter) {
        root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.only = only
        self.ignored = ignored
    }

    mutating func run() throws(DevloopError) {
        var info = stat()
        guard stat(root, &info) == 0 else { throw Self.failure(root) }
        switch info.st_mode & S_IFMT {
        case S_IFDIR: try visit("")
        case S_IFREG:
            let name = root.split(separator: "/").last.map(String.init) ?? root
            root = String(root.dropLast(name.count + 1))
            add(
                BuildContext.Entry(path: name, kind: .file(size: Int(info.st_size)), mode: Int(info.st_mode & 0o7777)),
                info)
        default: throw DevloopError(.image, "\(root) is neither a directory nor a file")
        }
    }

    private mutating func visit(_ folder: String) throws(DevloopError) {
        for name in try names(folder) {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            let absolute = "\(root)/\(path)"
            var info = stat()
            guard lstat(absolute, &info) == 0 else {
                // Gone since the directory was read: the watcher tells of it.
                if errno == ENOENT { continue }
                throw Self.failure(absolute)
            }
            let isIn = isWanted(absolute) && !ignored.matches(absolute)
            let mode = Int(info.st_mode & 0o7777)
            switch info.st_mode & S_IFMT {
            case S_IFDIR:
                let entry = BuildContext.Entry(path: path, kind: .directory, mode: mode)
                // What is ignored whole need not be looked into, unless a later pattern takes something back.
                guard isIn || ignored.hasExceptions || leadsToWanted(absolute) else { continue }
                let count = pending.count
                if isIn { add(entry, info) } else { pending.append(entry) }
                try visit(path)
                if pending.count > count { pending.removeLast(pending.count - count) }
            case S_IFREG where isIn:
                add(BuildContext.Entry(path: path, kind: .file(size: Int(info.st_size)), mode: mode), info)
            case S_IFLNK where isIn:
                add(BuildContext.Entry(path: path, kind: .link(try target(absolute)), mode: 0o777), info)
            // Sockets, pipes and devices are no content.
            default: continue
            }
        }
    }

    private mutating func add(_ entry: BuildContext.Entry, _ info: stat) {
        entries += pending
        pending = []
        entries.append(entry)
        let isDirectory = info.st_mode & S_IFMT == S_IFDIR
        // Times of directories change with files that are ignored.
        let time = isDirectory ? "" : "\(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec) \(info.st_size) \(info.st_ino)"
        fingerprint.update(Array("\(entry.path)\0\(entry.kind)\0\(entry.mode)\0\(time)\n".utf8))
    }

    private func isWanted(_ path: String) -> Bool {
        only.isEmpty || only.contains { path == $0 || path.hasPrefix("\($0)/") }
    }

    /// Whether something that `only` names is below.
    private func leadsToWanted(_ path: String) -> Bool {
        !only.isEmpty && only.contains { $0.hasPrefix("\(path)/") }
    }

    /// Sorted by bytes, so that the order is the same on every file system.
    private func names(_ folder: String) throws(DevloopError) -> [String] {
        let path = folder.isEmpty ? root : "\(root)/\(folder)"
        guard let names = Folder.names(in: path) else {
            if errno == ENOENT { return [] }
            throw Self.failure(path)
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func target(_ path: String) throws(DevloopError) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        guard count >= 0 else { throw Self.failure(path) }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func failure(_ path: String) -> DevloopError {
        DevloopError(
            .image, "\(path) cannot be read: \(String(cString: strerror(errno)))",
            hint: "it must exist and be readable, or be ignored if the image does not need it")
    }
}
