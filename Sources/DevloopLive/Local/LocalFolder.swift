// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HostFolders

/// What the Pods of one session have on disk; it goes with the session. Folders of sessions that were killed are cleared
/// away by the next one.
final class LocalFolder: Sendable {
    let path: String
    let name: String
    /// Locked for as long as the session lives.
    private let lock: Int32

    /// - Throws: `DevloopError` with code file.
    init() throws(DevloopError) {
        guard let base = HostPaths.cache("local") else {
            throw DevloopError(
                .file, "there is no cache folder for local mode", hint: "set HOME or XDG_CACHE_HOME")
        }
        Self.clear(base)
        name = "\(getpid())-\(UInt32.random(in: 0..<UInt32.max))"
        path = "\(base)/\(name)"
        try LocalRoot.makeFolder(path)
        lock = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw LocalRoot.fault("lock", path) }
    }

    deinit { close(lock) }

    func remove() {
        LocalRoot.delete(path)
        unlink("\(path).lock")
    }

    private static func clear(_ base: String) {
        for file in Folder.names(in: base) ?? [] where file.hasSuffix(".lock") {
            let name = file.dropLast(5)
            let path = "\(base)/\(name)"
            let lock = open("\(path).lock", O_RDWR | O_CLOEXEC)
            guard lock >= 0 else { continue }
            if flock(lock, LOCK_EX | LOCK_NB) == 0 {
                LocalRoot.delete(path)
                unlink("\(path).lock")
            }
            close(lock)
        }
    }
}
