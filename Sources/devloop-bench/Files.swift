// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HostFolders

/// Plain file operations.
enum Files {
    static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    static func text(_ path: String) throws -> String { String(decoding: try read(path), as: UTF8.self) }

    /// Writes in place, as many editors do: the inode stays.
    static func write(_ path: String, _ bytes: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        try write(descriptor, bytes[...], path)
    }

    /// Replaces bytes in the middle of a file.
    static func overwrite(_ path: String, at offset: Int, _ bytes: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard lseek(descriptor, offset, SEEK_SET) == offset else { throw failure(path) }
        try write(descriptor, bytes[...], path)
    }

    private static func write(_ descriptor: CInt, _ bytes: ArraySlice<UInt8>, _ path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure(path) }
            rest = rest.dropFirst(count)
        }
    }

    static func makeDirectory(_ path: String) throws {
        if mkdir(path, 0o755) == 0 || errno == EEXIST || path.isEmpty { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { throw failure(path) }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure(path) }
    }

    /// Names in a folder, sorted; empty when there is none.
    static func names(_ path: String) -> [String] { (Folder.names(in: path) ?? []).sorted() }

    static func size(_ path: String) throws -> Int {
        var info = stat()
        guard stat(path, &info) == 0 else { throw failure(path) }
        return Int(info.st_size)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes the second folder hold what the first one holds. Files with equal content keep their times, so that a build
    /// there stays up to date; build folders and `Package.resolved` are left alone where the source has none.
    static func mirror(_ source: String, to target: String) throws {
        try makeDirectory(target)
        let names = names(source).filter { !$0.hasPrefix(".build") && $0 != ".git" }
        for name in names {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            if isDirectory(from) {
                try mirror(from, to: to)
            } else {
                let bytes = try read(from)
                if try !exists(to) || read(to) != bytes { try write(to, bytes) }
            }
        }
        let kept: Set = ["Package.resolved", "Big", "Data"]
        for name in Self.names(target) where !names.contains(name) && !name.hasPrefix(".build") && !kept.contains(name)
        {
            remove("\(target)/\(name)")
        }
    }

    /// Gives a file another name; what had that name is gone.
    static func rename(_ path: String, _ newPath: String) throws {
        guard Glibc.rename(path, newPath) == 0 else { throw failure(newPath) }
    }

    /// Removes a file, or a folder with all it holds.
    static func remove(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for name in names(path) { remove("\(path)/\(name)") }
        rmdir(path)
    }

    static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    private static func failure(_ path: String) -> BenchFailure {
        BenchFailure("\(path): \(String(cString: strerror(errno)))")
    }
}
