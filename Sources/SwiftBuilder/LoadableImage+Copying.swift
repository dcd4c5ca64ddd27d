// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing

extension LoadableImage {
    private static let chunkLength = 1 << 20

    /// Writes the loadable part of an executable as a program of its own; what was at `copy` is replaced.
    /// - Returns: the copy's digest; nil, and nothing written, when the file is not laid out so that this can be done.
    static func copy(_ path: String, to copy: String) throws(DevloopError) -> ContentDigest? {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw failure("read", path) }
        defer { close(source) }
        var info = stat()
        guard fstat(source, &info) == 0 else { throw failure("read", path) }
        var chunk = [UInt8](repeating: 0, count: chunkLength)
        var count = read(source, &chunk, headLength)
        guard count >= 0 else { throw failure("read", path) }
        guard let image = LoadableImage(head: Array(chunk[..<count]), size: Int(info.st_size)), image.length >= count
        else { return nil }
        unlink(copy)
        let target = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o755)
        guard target >= 0 else { throw failure("write", copy) }
        defer { close(target) }
        chunk.replaceSubrange(..<count, with: image.head)
        var hash = SHA256()
        var position = 0
        while true {
            guard writeAll(target, chunk, count) else { throw failure("write", copy) }
            chunk.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            position += count
            guard position < image.length else { return hash.finish() }
            count = read(source, &chunk, min(chunkLength, image.length - position))
            guard count > 0 else {
                throw count < 0 ? failure("read", path) : DevloopError(.build, "\(path) became shorter as it was read")
            }
        }
    }

    private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8], _ count: Int) -> Bool {
        var written = 0
        while written < count {
            let result = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + written }, count - written)
            }
            guard result > 0 else { return false }
            written += result
        }
        return true
    }

    private static func failure(_ what: String, _ path: String) -> DevloopError {
        DevloopError(
            .build, "cannot \(what) \(path): \(String(cString: strerror(errno)))",
            hint: errno == ENOSPC ? "the disk is full: make room, then save again" : nil)
    }
}
