// SPDX-License-Identifier: Apache-2.0

import CAgent

/// A file of the image whose name another one has taken. It is kept open, so that it can be written anew.
///
/// Giving it another name instead, or exchanging the names, would have overlay copy it whole and wait for the disk.
final class OldFile {
    private let descriptor: Int32

    /// Nil for what is no file, or may not be read.
    init?(_ place: FileTree.Place) {
        descriptor = place.folder.openFile(place.name)
        guard descriptor >= 0 else { return nil }
        var info = dl_file_info()
        guard dl_info_of(descriptor, &info) == 0, dl_kind(info.mode) == Int32(DL_FILE) else { return nil }
    }

    deinit { if descriptor >= 0 { _ = dl_close(descriptor) } }

    /// Writes it to its place again, by way of another name; false when that cannot be done.
    func restore(to place: FileTree.Place, by name: Bytes, scratch: Scratch) -> Bool {
        let copy = place.folder.create(name)
        guard copy >= 0 else { return false }
        defer { _ = dl_close(copy) }
        guard fill(copy, scratch), dl_take_after(copy, descriptor) == 0,
            place.folder.rename(name, to: place.folder, place.name) == 0
        else {
            place.folder.unlink(name)
            return false
        }
        return true
    }

    private func fill(_ copy: Int32, _ scratch: Scratch) -> Bool {
        var offset: UInt64 = 0
        while true {
            let count = dl_read_at(descriptor, scratch.base, scratch.size, offset)
            guard count > 0 else { return count == 0 }
            guard dl_write_all(copy, scratch.base, count) == 0 else { return false }
            offset += UInt64(count)
        }
    }
}
