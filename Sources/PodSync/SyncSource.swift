// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing

/// Reads a file that is to be sent and proves that it is still the one that was meant.
struct SyncSource: ~Copyable {
    private let file: SyncFile
    private let descriptor: Int32
    private let before: stat
    private let content: [UInt8]
    private var position = 0
    private var digest = SHA256()

    /// - Throws: `syncSourceChanged` when it is not there or has another size.
    init(_ file: SyncFile) throws {
        self.file = file
        var found = stat()
        switch file.source {
        case .bytes(let bytes):
            content = bytes
            descriptor = -1
        case .file(let path):
            content = []
            let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard opened >= 0 else { throw Self.changed(path, "cannot be read: \(String(cString: strerror(errno)))") }
            guard fstat(opened, &found) == 0, found.st_mode & S_IFMT == S_IFREG, UInt64(found.st_size) == file.size
            else {
                Glibc.close(opened)
                throw Self.changed(path, "has changed since it was built")
            }
            descriptor = opened
        }
        before = found
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// The next bytes, at most `count`; nothing at the end.
    mutating func next(_ count: Int) throws -> [UInt8] {
        let bytes: [UInt8]
        if descriptor < 0 {
            bytes = Array(content[position..<min(position + count, content.count)])
        } else {
            let wanted = Int(min(UInt64(count), file.size - UInt64(position)))
            let offset = position
            let descriptor = descriptor
            bytes = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
                while filled < wanted {
                    let read = pread(
                        descriptor, buffer.baseAddress.map { $0 + filled }, wanted - filled, off_t(offset + filled))
                    if read < 0, errno == EINTR { continue }
                    guard read > 0 else { throw Self.changed(name, "became shorter while it was read") }
                    filled += read
                }
            }
        }
        position += bytes.count
        digest.update(bytes)
        return bytes
    }

    /// Checks, after the last byte, that nothing was written in between.
    mutating func finish() throws {
        let final = digest.finish()
        if descriptor >= 0, case .file(let path) = file.source {
            var open = stat()
            var named = stat()
            let isSame =
                fstat(descriptor, &open) == 0 && stat(path, &named) == 0 && Self.same(open, before)
                && Self.same(named, before)
            guard isSame else { throw Self.changed(path, "changed while it was being read") }
        }
        guard final == file.digest else { throw Self.changed(name, "has other content than when it was built") }
    }

    private var name: String { if case .file(let path) = file.source { path } else { file.destination } }

    private static func same(_ left: stat, _ right: stat) -> Bool {
        left.st_size == right.st_size && left.st_ino == right.st_ino && left.st_dev == right.st_dev
            && left.st_mtim.tv_sec == right.st_mtim.tv_sec && left.st_mtim.tv_nsec == right.st_mtim.tv_nsec
    }

    private static func changed(_ path: String, _ what: String) -> DevloopError {
        DevloopError(.syncSourceChanged, "\(path) \(what)", hint: "the set is sent again from the final content")
    }

    /// The machine that an ELF file is built for, as `uname` names it; nil for anything else.
    static func architecture(of file: SyncFile) -> String? {
        let head: [UInt8]
        switch file.source {
        case .bytes(let bytes): head = Array(bytes.prefix(20))
        case .file(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { return nil }
            defer { Glibc.close(descriptor) }
            head = [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
                count = max(0, pread(descriptor, buffer.baseAddress, 20, 0))
            }
        }
        guard head.count == 20, head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        switch Int(head[18]) | Int(head[19]) << 8 {
        case 0x3E: return "x86_64"
        case 0xB7: return "aarch64"
        case let other: return "ELF machine \(other)"
        }
    }
}
