// SPDX-License-Identifier: Apache-2.0

import CAgent

/// `install DESTINATION`: puts a copy of this program there in one step; what an init container runs.
enum Install {
    static func run(_ arguments: [Bytes]) -> Int32 {
        guard arguments.count == 1, let destination = arguments.first else { Agent.usage() }
        guard destination.first == 0x2F, let slash = destination.lastIndex(of: 0x2F),
            slash + 1 < destination.count
        else {
            say(text("the destination must be an absolute path of a file"))
            return 2
        }
        do throws(Fault) {
            try copy(to: destination, slash: slash)
            return 0
        } catch {
            say(error.place, text(": "), errorText(error.errno))
            return 1
        }
    }

    private static func copy(to destination: Bytes, slash: Int) throws(Fault) {
        let folder = try Folder.open(slash == 0 ? text("/") : Bytes(destination[..<slash]))
        let name = Bytes(destination[(slash + 1)...])
        let temporary = text(".") + name + text(".") + decimal(UInt64(dl_pid()))
        let source = dl_open_program(0)
        guard source >= 0 else { throw Fault(.io, errno: -source, place: text("/proc/self/exe")) }
        defer { _ = dl_close(source) }
        let target = folder.create(temporary)
        guard target >= 0 else { throw Fault(.io, errno: -target, place: destination) }
        var result = transfer(from: source, to: target)
        if result == 0 { result = dl_set_mode(target, 0o755) }
        _ = dl_close(target)
        if result == 0 { result = folder.rename(temporary, to: folder, name) }
        guard result == 0 else {
            folder.unlink(temporary)
            throw Fault(.io, errno: -result, place: destination)
        }
    }

    private static func transfer(from source: Int32, to target: Int32) -> Int32 {
        let scratch = Scratch()
        while true {
            let count = dl_read(source, scratch.base, scratch.size)
            guard count > 0 else { return Int32(count) }
            let result = dl_write_all(target, scratch.base, count)
            guard result == 0 else { return result }
        }
    }
}
