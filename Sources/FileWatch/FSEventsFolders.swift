// SPDX-License-Identifier: Apache-2.0

#if canImport(CoreServices)
    import CoreServices
    import Darwin
    import Dispatch
    import Synchronization

    /// Events from macOS's FSEvents. Built to its documentation, and not seen running.
    ///
    /// A stream tells of whole trees by path, so that a folder below one that is watched needs nothing of its own: events
    /// are told for folders that were asked for, and dropped for others. Streams are made anew where a folder lies below
    /// none; the new one begins with the newest event of the old one, so that nothing falls between them.
    final class FSEventsFolders: FolderEvents {
        private struct State {
            var watches: [String: Int32] = [:]
            var paths: [Int32: String] = [:]
            var last: Int32 = 0
            /// Highest folders, which the stream is for.
            var tops: Set<String> = []
            var isOutdated = false
            var stream: FSEventStreamRef?
            var waiting: [FolderEvent] = []
        }

        private let state = Mutex(State())
        private let queue = DispatchQueue(label: "devloop.watch")
        /// Events wait, or somebody has called `wake()`.
        private let signal = DispatchSemaphore(value: 0)

        deinit { state.withLock { Self.end(&$0) } }

        func watch(_ folder: String) -> FolderWatch {
            guard let real = Self.realFolder(folder) else { return .gone }
            return state.withLock { state in
                if let known = state.watches[real] { return .watching(known) }
                state.last += 1
                state.watches[real] = state.last
                state.paths[state.last] = real
                if !state.tops.contains(where: { Self.covers($0, real) }) {
                    state.tops = state.tops.filter { !Self.covers(real, $0) }
                    state.tops.insert(real)
                    state.isOutdated = true
                    // At once: what is looked at next has to be covered already.
                    start(&state)
                }
                return state.isOutdated ? .limitReached : .watching(state.last)
            }
        }

        func unwatch(_ watch: Int32) {
            state.withLock { state in
                guard let path = state.paths.removeValue(forKey: watch) else { return }
                state.watches[path] = nil
            }
        }

        func wait(milliseconds: Int32) {
            if milliseconds < 0 {
                signal.wait()
            } else {
                _ = signal.wait(timeout: .now() + .milliseconds(Int(milliseconds)))
            }
            // One wake-up for all that was signalled until now.
            while signal.wait(timeout: .now()) == .success {}
        }

        func wake() { signal.signal() }

        func take(_ body: (FolderEvent) -> Void) {
            let events = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            for event in events { body(event) }
        }

        func warning(_ trouble: FolderTrouble) -> FileWatchWarning {
            let hint = "name large folders in \(WatchIgnore.fileName)"
            return switch trouble {
            case .overflow:
                FileWatchWarning(
                    message: "more changes at once than FSEvents keeps: some were dropped, "
                        + "so all files are looked at again; nothing is missed, it takes longer", hint: hint)
            case .unwatched(let needed, let missing):
                FileWatchWarning(
                    message: "FSEvents gives no stream: \(needed) folders need a watch, \(missing) have none; "
                        + "all files are looked at every second instead", hint: hint)
            }
        }

        /// Begins a stream for the highest folders in place of the one before; leaves the state outdated if it cannot.
        private func start(_ state: inout State) {
            let since =
                state.stream.map { FSEventStreamGetLatestEventId($0) }
                ?? FSEventStreamEventId(
                    kFSEventStreamEventIdSinceNow)
            var context = FSEventStreamContext(
                version: 0, info: Unmanaged.passUnretained(self).toOpaque(), retain: nil, release: nil,
                copyDescription: nil)
            let flags =
                kFSEventStreamCreateFlagFileEvents | kFSEventStreamCreateFlagNoDefer
                | kFSEventStreamCreateFlagWatchRoot
            let stream = FSEventStreamCreate(
                nil,
                { _, info, count, paths, flags, _ in
                    guard let info else { return }
                    let names = paths.assumingMemoryBound(to: UnsafePointer<CChar>.self)
                    let events = (0..<count).map { (String(cString: names[$0]), flags[$0]) }
                    Unmanaged<FSEventsFolders>.fromOpaque(info).takeUnretainedValue().take(in: events)
                }, &context, Array(state.tops) as CFArray, since, 0, FSEventStreamCreateFlags(flags))
            guard let stream else { return }
            FSEventStreamSetDispatchQueue(stream, queue)
            guard FSEventStreamStart(stream) else {
                FSEventStreamInvalidate(stream)
                FSEventStreamRelease(stream)
                return
            }
            Self.end(&state)
            state.stream = stream
            state.isOutdated = false
        }

        private static func end(_ state: inout State) {
            guard let stream = state.stream else { return }
            FSEventStreamStop(stream)
            FSEventStreamInvalidate(stream)
            FSEventStreamRelease(stream)
            state.stream = nil
        }

        /// Called on ``queue``.
        private func take(in events: [(path: String, flags: FSEventStreamEventFlags)]) {
            state.withLock { state in
                for (path, flags) in events {
                    for (folder, kinds, name) in Self.meaning(of: path, Int(flags), isThere: Self.isThere(path)) {
                        if kinds == .overflow {
                            state.waiting.append(.overflow)
                        } else if let watch = state.watches[folder] {
                            state.waiting.append(FolderEvent(watch: watch, kinds: kinds, name: name))
                        }
                    }
                }
            }
            signal.signal()
        }

        /// One event of FSEvents as events of folders. Its flags may sum up several things that happened to a path; what
        /// is there now decides which was last.
        private static func meaning(
            of path: String, _ flags: Int, isThere: Bool
        ) -> [(folder: String, kinds: FolderEvent.Kinds, name: String)] {
            let lost =
                kFSEventStreamEventFlagMustScanSubDirs | kFSEventStreamEventFlagUserDropped
                | kFSEventStreamEventFlagKernelDropped
            if flags & lost != 0 { return [("", .overflow, "")] }
            if flags & kFSEventStreamEventFlagRootChanged != 0 { return [(path, .ended, "")] }
            let isFolder = flags & kFSEventStreamEventFlagItemIsDir != 0
            let kind: FolderEvent.Kinds = isFolder ? .isFolder : []
            let (folder, name) = (parentFolder(path), String(path.split(separator: "/").last ?? ""))
            let isMoved = flags & kFSEventStreamEventFlagItemRenamed != 0
            guard isThere else {
                return [(folder, kind.union(.removed), name)] + (isFolder ? [(path, .ended, "")] : [])
            }
            var found: [(String, FolderEvent.Kinds, String)] = []
            let isNew = isMoved || flags & kFSEventStreamEventFlagItemCreated != 0
            // A folder that has replaced another one is another one.
            if isFolder, isMoved || flags & kFSEventStreamEventFlagItemRemoved != 0 {
                found.append((folder, [.isFolder, .removed], name))
            }
            // There is no word of a writer that has closed the file.
            found.append((folder, kind.union(isNew ? [.created, .closed] : [.attributes, .closed]), name))
            return found
        }

        private static func isThere(_ path: String) -> Bool {
            var info = stat()
            return lstat(path, &info) == 0
        }

        private static func realFolder(_ path: String) -> String? {
            guard FolderReader.isFolder(path), let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return String(cString: real)
        }

        private static func covers(_ top: String, _ path: String) -> Bool { top == path || isBelow(path, top) }
    }
#endif
