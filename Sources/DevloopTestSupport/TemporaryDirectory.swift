// SPDX-License-Identifier: Apache-2.0

import Glibc
import HostFolders

/// A directory of its own for one test; removed with all it holds when the value is released.
package final class TemporaryDirectory: Sendable {
    /// Absolute path without symbolic links.
    package let path: String

    /// - Throws: ``TestFileError`` when no directory can be made.
    package init(_ name: String = "test") throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/devloop-\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, let real = realpath(template, nil) else {
            throw TestFileError(path: base, errno: errno)
        }
        path = String(cString: real)
        free(real)
    }

    deinit { TestFiles.remove(path) }

    /// The absolute path of something inside.
    package func callAsFunction(_ relative: String) -> String { "\(path)/\(relative)" }

    /// Writes a file, making the directories above it; returns its absolute path.
    @discardableResult
    package func write(_ relative: String, _ text: String, mode: UInt32 = 0o644) throws -> String {
        let file = "\(path)/\(relative)"
        try TestFiles.write(file, text, mode: mode)
        return file
    }
}

/// A file operation of a test failed.
package struct TestFileError: Error {
    package var path: String
    package var errno: Int32
}

/// Plain file operations for tests.
package enum TestFiles {
    /// Writes a file in place (the inode stays), making the directories above it.
    package static func write(_ path: String, _ text: String, mode: UInt32 = 0o644) throws {
        try makeDirectory(parent(path))
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw TestFileError(path: path, errno: errno) }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw TestFileError(path: path, errno: errno) }
            bytes = bytes.dropFirst(count)
        }
        fchmod(descriptor, mode)
    }

    /// Makes a directory and those above it; one that is there already is fine.
    package static func makeDirectory(_ path: String) throws {
        if mkdir(path, 0o755) == 0 || errno == EEXIST || path.isEmpty { return }
        guard errno == ENOENT else { throw TestFileError(path: path, errno: errno) }
        try makeDirectory(parent(path))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw TestFileError(path: path, errno: errno) }
    }

    /// The whole file as text.
    package static func read(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestFileError(path: path, errno: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw TestFileError(path: path, errno: errno) }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Removes a file, or a directory with all it holds; links are not followed.
    package static func remove(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        for name in names(path) { remove("\(path)/\(name)") }
        rmdir(path)
    }

    /// Names in a folder; none when it cannot be read.
    package static func names(_ folder: String) -> [String] { Folder.names(in: folder) ?? [] }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return String(path[..<slash])
    }
}
