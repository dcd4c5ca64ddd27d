// SPDX-License-Identifier: Apache-2.0

import CAgent

/// `read PATH`: writes a file, or a folder with all below, to standard output; what `devloop pull` runs through exec.
///
/// It needs no running agent. Links below PATH are told and never followed; the file systems of the kernel are left out.
enum Reading {
    static func run(_ path: Bytes) -> Int32 {
        var output = Output()
        guard path.first == 0x2F, !path.contains(0) else {
            output.send(.fault(Fault(.badPath, place: path)))
            return 1
        }
        let descriptor = withC(path) { dl_open_path($0) }
        guard descriptor >= 0 else {
            output.send(.fault(Fault(.io, errno: -descriptor, place: path)))
            return 1
        }
        var info = dl_file_info()
        let result = dl_info_of(descriptor, &info)
        switch result == 0 ? dl_kind(info.mode) : 0 {
        case Int32(DL_FILE):
            output.file(descriptor, info, path: [])
            _ = dl_close(descriptor)
        case Int32(DL_FOLDER):
            let folder = Folder(owning: descriptor)
            output.item(PulledItem(path: [], kind: .folder, mode: UInt16(info.mode & 0o777)))
            let isRoot = PathRules.components(of: path).allSatisfy { $0.isEmpty || $0 == [0x2E] }
            output.walk(folder, below: [], skipping: isRoot ? [text("proc"), text("sys"), text("dev")] : [])
        default:
            output.item(PulledItem(path: [], kind: .other, errno: -result))
            _ = dl_close(descriptor)
        }
        output.send(.pullDone(items: output.items))
        return 0
    }

    /// Standard output, and what has gone there.
    private struct Output {
        let crc = CRC32()
        let scratch = Scratch()
        var items: UInt64 = 0

        func send(_ message: Message) {
            let bytes = message.frame().encoded(using: crc)
            // Nobody reads any more: nothing is left to do.
            if bytes.withUnsafeBytes({ dl_write_all(1, $0.baseAddress, $0.count) }) != 0 { dl_exit(1) }
        }

        mutating func item(_ item: PulledItem) {
            items += 1
            send(.pulledItem(item))
        }

        /// No more than the file had when it was opened: one that grows for ever ends all the same.
        mutating func file(_ descriptor: Int32, _ info: dl_file_info, path: Bytes) {
            item(PulledItem(path: path, kind: .file, mode: UInt16(info.mode & 0o777), size: info.size))
            var digest = Digest()
            var offset: UInt64 = 0
            while offset < info.size {
                let wanted = Int(min(info.size - offset, UInt64(min(scratch.size, SyncLimits.chunk))))
                let count = dl_read_at(descriptor, scratch.base, wanted, offset)
                guard count > 0 else { break }
                let bytes = UnsafeRawBufferPointer(start: scratch.base, count: count)
                digest.add(bytes)
                send(.pulledData(payload: Bytes(bytes), start: 0))
                offset += UInt64(count)
            }
            send(.pulledEnd(digest: digest.finish()))
        }

        mutating func walk(_ folder: Folder, below path: Bytes, skipping skipped: [Bytes]) {
            guard let list = dl_list_begin(folder.descriptor) else {
                return item(PulledItem(path: path, kind: .other, errno: dl_last_error()))
            }
            var names: [Bytes] = []
            while let name = dl_list_next(list) { names.append(bytes(of: name)) }
            dl_list_end(list)
            for name in names.sorted(by: precedes) where !skipped.contains(name) {
                visit(name, in: folder, path: path.isEmpty ? name : path + text("/") + name)
            }
        }

        private mutating func visit(_ name: Bytes, in folder: Folder, path: Bytes) {
            // Gone meanwhile: it is as if it had never been there.
            guard let info = folder.info(name) else { return }
            let mode = UInt16(info.mode & 0o777)
            switch dl_kind(info.mode) {
            case Int32(DL_LINK):
                let target = folder.link(name) ?? []
                item(PulledItem(path: path, kind: .link, mode: mode, target: target))
            case Int32(DL_FOLDER):
                let opened = withC(name) { dl_open_folder_in(folder.descriptor, $0) }
                guard opened >= 0 else { return item(PulledItem(path: path, kind: .other, errno: -opened)) }
                let child = Folder(owning: opened)
                item(PulledItem(path: path, kind: .folder, mode: mode))
                walk(child, below: path, skipping: [])
            case Int32(DL_FILE):
                let opened = folder.openFile(name)
                guard opened >= 0 else { return item(PulledItem(path: path, kind: .other, errno: -opened)) }
                defer { _ = dl_close(opened) }
                var open = dl_file_info()
                guard dl_info_of(opened, &open) == 0, dl_kind(open.mode) == Int32(DL_FILE) else { return }
                file(opened, open, path: path)
            default: item(PulledItem(path: path, kind: .other, mode: mode))
            }
        }
    }
}
