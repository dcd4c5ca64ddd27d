// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HostFolders
import LocalPods
import LoopEngine

/// The folder that stands for the root of a container's file system, and what devloop has put there.
struct LocalRoot: Sendable {
    /// Where the engine brings programs to in a container (design §4.5).
    static let programs = "/devloop/app"
    /// Where it lies in an image. Here both are one folder.
    static let programFolder = "/app"

    struct Entry: Equatable, Sendable {
        /// SHA-256 in hexadecimal, or a link's target.
        var content: String
        var isExecutable: Bool
    }

    let path: String
    /// What is there, by path in the container.
    private(set) var entries: [ExactPath: Entry] = [:]

    init(path: String) { self.path = path }

    func place(_ destination: String) -> String {
        let normal = PathMap.normal(destination)
        guard normal.hasPrefix(Self.programs + "/") else { return path + normal }
        return path + Self.programFolder + normal.dropFirst(Self.programs.count)
    }

    func has(_ destination: String, _ entry: Entry) -> Bool { entries[ExactPath(destination)] == entry }

    /// Puts a copy of a file in place, in one step: a program that runs keeps what it was started from.
    /// - Returns: bytes copied.
    mutating func install(_ source: String, at destination: String, _ entry: Entry) throws(DevloopError) -> Int {
        let target = place(destination)
        let temporary = "\(target).devloop-new"
        try Self.makeFolder(Self.parent(target))
        let size: Int
        do throws(DevloopError) {
            size = try Self.copy(source, to: temporary, mode: entry.isExecutable ? 0o755 : 0o644)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else {
            let error = Self.fault("replace", target)
            unlink(temporary)
            throw error
        }
        entries[ExactPath(destination)] = entry
        return size
    }

    mutating func link(_ target: String, at destination: String) throws(DevloopError) {
        let place = place(destination)
        try Self.makeFolder(Self.parent(place))
        try Self.link(target, from: place)
        entries[ExactPath(destination)] = Entry(content: "-> " + target, isExecutable: false)
    }

    static func link(_ target: String, from place: String) throws(DevloopError) {
        unlink(place)
        guard symlink(target, place) == 0 else { throw fault("make the link", place) }
    }

    /// - Returns: whether it was there.
    mutating func remove(_ destination: String) throws(DevloopError) -> Bool {
        entries[ExactPath(destination)] = nil
        if unlink(place(destination)) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw Self.fault("delete", place(destination)) }
        return false
    }

    /// Writes a file that is no copy: of a ConfigMap or a Secret, which others than the user have no business with.
    static func write(_ bytes: [UInt8], to path: String) throws(DevloopError) {
        try makeFolder(parent(path))
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw fault("write", path) }
        defer { close(file) }
        try write(bytes[...], to: file, path)
    }

    private static func copy(_ source: String, to target: String, mode: mode_t) throws(DevloopError) -> Int {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw fault("read", source) }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard output >= 0 else { throw fault("write", target) }
        defer { close(output) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var total = 0
        while true {
            let count = read(input, &buffer, buffer.count)
            if count == 0 { break }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fault("read", source) }
            try write(buffer[..<count], to: output, target)
            total += count
        }
        // The user's mask does not count for programs.
        fchmod(output, mode)
        return total
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to file: Int32, _ path: String) throws(DevloopError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fault("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    static func parent(_ path: String) -> String { HostPaths.directory(path) }

    static func makeFolder(_ path: String) throws(DevloopError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, path != "/" else { throw fault("make the folder", path) }
        try makeFolder(parent(path))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw fault("make the folder", path) }
    }

    /// Deletes a folder with all that is in it; links are not followed.
    static func delete(_ path: String) {
        guard let names = Folder.names(in: path) else {
            unlink(path)
            return
        }
        for name in names {
            let child = "\(path)/\(name)"
            var info = stat()
            if lstat(child, &info) == 0, info.st_mode & S_IFMT == S_IFDIR { delete(child) } else { unlink(child) }
        }
        rmdir(path)
    }

    static func fault(_ what: String, _ path: String) -> DevloopError {
        let number = errno
        return DevloopError(
            .file, "cannot \(what) \(path): \(String(cString: strerror(number)))",
            hint: number == ENOSPC ? "free some space on the disk" : nil)
    }
}
