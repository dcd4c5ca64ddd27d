// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc

/// The files of an image, in a tar or in a directory.
struct ArchivePlace: Sendable {
    /// Manifests and configurations are far smaller; registries draw the same line (4 MiB).
    static let maximumDocument = 4 << 20

    let path: String
    /// nil for a directory.
    private let index: TarIndex?

    init(_ path: String) throws(DevloopError) {
        self.path = path
        var info = stat()
        guard stat(path, &info) == 0 else {
            throw DevloopError(
                .image, "\(path) cannot be read: \(String(cString: strerror(errno)))",
                hint: "check the path of the image archive")
        }
        switch info.st_mode & S_IFMT {
        case S_IFDIR: index = nil
        case S_IFREG: index = try TarIndex(path)
        default: throw DevloopError(.image, "\(path) is neither an archive nor a directory")
        }
    }

    /// nil when there is no such file.
    func source(_ name: String) throws(DevloopError) -> ByteSource? {
        if let index { return try index.source(name) }
        // Names come out of files of others: none may lead elsewhere.
        guard !name.split(separator: "/", omittingEmptySubsequences: false).contains("..") else { return nil }
        let file = "\(path)/\(name)"
        var info = stat()
        guard stat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        var source = ByteSource()
        source.append(file: file, size: Int(info.st_size))
        return source
    }

    /// A small file whole; nil when there is none.
    func bytes(_ name: String) throws(DevloopError) -> [UInt8]? {
        guard let source = try source(name) else { return nil }
        guard source.size <= Self.maximumDocument else {
            throw DevloopError(.image, "\(path) has a '\(name)' of \(source.size) bytes, which is too large to be one")
        }
        return try source.bytes()
    }

    /// A small file as JSON; nil when there is none.
    func document(_ name: String) throws(DevloopError) -> JSONValue? {
        guard let bytes = try bytes(name) else { return nil }
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw DevloopError(
                .image, "\(path) has a '\(name)' that is no JSON: \(error.message) at byte \(error.offset)",
                hint: "write the archive again")
        }
    }
}
