// SPDX-License-Identifier: Apache-2.0

import CAgent

/// An open folder; all work on files is relative to one, so that nobody can put a link in the way.
final class Folder {
    let descriptor: Int32

    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { _ = dl_close(descriptor) }

    static func open(_ path: Bytes) throws(Fault) -> Folder {
        let descriptor = withC(path) { dl_open_folder($0) }
        guard descriptor >= 0 else { throw Fault(.io, errno: -descriptor, place: path) }
        return Folder(owning: descriptor)
    }

    /// A folder in this one; nil when there is nothing of that name.
    /// - Throws: `link` when it is a link, `io` when it is another thing or closed to us; the place is `path`.
    func folder(_ name: Bytes, path: Bytes) throws(Fault) -> Folder? {
        let found = withC(name) { dl_open_folder_in(descriptor, $0) }
        if found >= 0 { return Folder(owning: found) }
        if found == -Int32(DL_ENOENT) { return nil }
        if let info = info(name), dl_kind(info.mode) == Int32(DL_LINK) { throw Fault(.link, place: path) }
        throw Fault(.io, errno: -found, place: path)
    }

    func info(_ name: Bytes) -> dl_file_info? {
        var info = dl_file_info()
        return withC(name) { dl_info(descriptor, $0, &info) } == 0 ? info : nil
    }

    func makeFolder(_ name: Bytes) -> Int32 { withC(name) { dl_make_folder(descriptor, $0) } }

    func create(_ name: Bytes) -> Int32 { withC(name) { dl_create(descriptor, $0) } }

    func openFile(_ name: Bytes) -> Int32 { withC(name) { dl_open_file(descriptor, $0) } }

    /// An existing file, to be written to from its start.
    func openAgain(_ name: Bytes) -> Int32 { withC(name) { dl_open_again(descriptor, $0) } }

    func makeLink(_ name: Bytes, to target: Bytes) -> Int32 {
        withC(name) { link in withC(target) { dl_make_link(descriptor, link, $0) } }
    }

    /// What a link holds; nil when it is none.
    func link(_ name: Bytes) -> Bytes? {
        var count = 0
        let target = Bytes(unsafeUninitializedCapacity: SyncLimits.maximumLink + 1) { buffer, filled in
            count = withC(name) { dl_read_link(descriptor, $0, buffer.baseAddress, buffer.count) }
            filled = max(0, count)
        }
        return count > 0 ? target : nil
    }

    @discardableResult
    func unlink(_ name: Bytes) -> Int32 { withC(name) { dl_unlink(descriptor, $0) } }

    func removeFolder(_ name: Bytes) -> Int32 { withC(name) { dl_remove_folder(descriptor, $0) } }

    func rename(_ name: Bytes, to other: Folder, _ newName: Bytes) -> Int32 {
        withC(name) { from in withC(newName) { dl_rename(descriptor, from, other.descriptor, $0) } }
    }

    func exchange(_ name: Bytes, with other: Folder, _ newName: Bytes) -> Int32 {
        withC(name) { from in withC(newName) { dl_exchange(descriptor, from, other.descriptor, $0) } }
    }

    /// Kind of what the name stands for: `DL_FILE`, `DL_FOLDER`, ...; nil for nothing.
    func kind(_ name: Bytes) -> UInt32? { info(name).map { UInt32(dl_kind($0.mode)) } }
}
