// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc

/// An open file on this machine.
struct SourceFile: ~Copyable {
    let path: String
    private let descriptor: Int32
    /// As it was when it was opened.
    let opened: stat

    /// - Throws: `syncSourceChanged` when it cannot be read or is no file.
    init(_ path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Self.changed(path, "cannot be read: \(String(cString: strerror(errno)))")
        }
        var found = stat()
        guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Self.changed(path, "is not a file any more")
        }
        self.descriptor = descriptor
        opened = found
    }

    deinit { close(descriptor) }

    /// Exactly so many bytes.
    /// - Throws: `syncSourceChanged` when there are fewer.
    borrowing func read(at offset: UInt64, _ count: Int) throws -> [UInt8] {
        let path = path
        let descriptor = descriptor
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let read = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset) + off_t(filled))
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { throw Self.changed(path, "became shorter while it was read") }
                filled += read
            }
        }
    }

    /// False when it was written to since it was opened, or another one has its name.
    borrowing func isUntouched() -> Bool {
        var now = stat()
        var named = stat()
        return fstat(descriptor, &now) == 0 && stat(path, &named) == 0 && SourceStamp(now) == SourceStamp(opened)
            && SourceStamp(named) == SourceStamp(opened)
    }

    static func changed(_ path: String, _ what: String) -> DevloopError {
        DevloopError(.syncSourceChanged, "\(path) \(what)", hint: "the set is sent again from the final content")
    }
}

/// What tells that a file was not written to.
struct SourceStamp: Equatable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int
    private let modified: Int
    private let changed: Int

    init(_ info: stat) {
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
        size = Int(info.st_size)
        modified = info.st_mtim.tv_sec * 1_000_000_000 + info.st_mtim.tv_nsec
        changed = info.st_ctim.tv_sec * 1_000_000_000 + info.st_ctim.tv_nsec
    }

    /// Whether a later change of the file would show in its stamp: file systems take the time of the kernel's last tick, which
    /// is up to 10 ms old (`CONFIG_HZ=100`), so that two changes within one may look the same.
    /// - Parameter time: When reading began; nanoseconds since 1970.
    func isSettled(at time: Int) -> Bool { changed < time - 12_000_000 }
}
