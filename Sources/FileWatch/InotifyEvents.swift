// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    import CDevloop
    import DevloopCore
    import Glibc

    /// Events from Linux's inotify: one descriptor for all folders, one watch for each.
    final class InotifyEvents: FolderEvents {
        /// -1 when the user has no instance left: then no folder has a watch.
        private let descriptor: CInt
        private let wakeup: CInt

        /// - Throws: ``DevloopError`` when no more files can be opened.
        init() throws {
            wakeup = dl_wake_open()
            guard wakeup >= 0 else {
                throw DevloopError(
                    .file, "cannot watch files: \(String(cString: strerror(errno)))",
                    hint: "the limit of open files is reached; raise it with ulimit -n")
            }
            descriptor = dl_watch_open()
        }

        deinit {
            if descriptor >= 0 { close(descriptor) }
            close(wakeup)
        }

        func watch(_ folder: String) -> FolderWatch {
            guard descriptor >= 0 else { return .limitReached }
            let watch = dl_watch_directory(descriptor, folder)
            guard watch < 0 else { return .watching(watch) }
            return errno == ENOSPC || errno == ENOMEM ? .limitReached : .gone
        }

        func unwatch(_ watch: Int32) { dl_watch_remove(descriptor, watch) }

        func wait(milliseconds: Int32) {
            var polls = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeup, events: Int16(POLLIN), revents: 0),
            ]
            poll(&polls, nfds_t(polls.count), milliseconds)
            if polls[1].revents != 0 { dl_wake_clear(wakeup) }
        }

        func wake() { dl_wake(wakeup) }

        func take(_ body: (FolderEvent) -> Void) {
            guard descriptor >= 0 else { return }
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 8)
            defer { buffer.deallocate() }
            for _ in 0..<64 {
                let length = dl_watch_read(descriptor, buffer.baseAddress, buffer.count)
                guard length > 0 else { return }
                var offset = 0
                var raw = dl_watch_event()
                while dl_watch_next(buffer.baseAddress, Int(length), &offset, &raw) == 1 {
                    let name = raw.name.map { String(cString: $0) } ?? ""
                    body(FolderEvent(watch: raw.watch, kinds: .init(rawValue: raw.mask), name: name))
                }
            }
        }

        func warning(_ trouble: FolderTrouble) -> FileWatchWarning {
            switch trouble {
            case .overflow:
                let size = Self.limit("max_queued_events")
                return FileWatchWarning(
                    message:
                        "more changes at once than the kernel keeps (fs.inotify.max_queued_events is \(size)): "
                        + "some were dropped, so all files are looked at again; nothing is missed, it takes longer",
                    hint: "sudo sysctl fs.inotify.max_queued_events=\(max(1 << 17, (Int(size) ?? 0) * 8))")
            case .unwatched(let needed, let missing):
                let isWithout = descriptor < 0
                let name = isWithout ? "max_user_instances" : "max_user_watches"
                let reason =
                    isWithout
                    ? "no inotify instance is left (fs.inotify.\(name) is \(Self.limit(name)))"
                    : "the limit of inotify watches is reached (fs.inotify.\(name) is \(Self.limit(name)))"
                return FileWatchWarning(
                    message: "\(reason): \(needed) folders need a watch, \(missing) have none; "
                        + "all files are looked at every second instead",
                    hint: "sudo sysctl fs.inotify.\(name)=\(isWithout ? 512 : 1_048_576), "
                        + "or name large folders in \(WatchIgnore.fileName)")
            }
        }

        private static func limit(_ name: String) -> String {
            guard let file = fopen("/proc/sys/fs/inotify/\(name)", "re") else { return "unknown" }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 32)
            guard fgets(&buffer, 32, file) != nil else { return "unknown" }
            return String(atoi(buffer))
        }
    }
#endif
