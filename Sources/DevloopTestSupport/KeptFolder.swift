// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder in devloop's cache that stays after the test, for what takes minutes to compile. A lock keeps test runs of
/// several checkouts apart.
package final class KeptFolder: Sendable {
    /// Absolute path.
    package let path: String
    private let lock: Int32

    /// Waits up to ten minutes for other test runs.
    /// - Parameter name: relative to the cache of devloop.
    /// - Throws: ``TestFileError`` when it cannot be made, with `ETIMEDOUT` when another test run does not leave it.
    package static func open(_ name: String) async throws -> KeptFolder {
        let path = path(name)
        try TestFiles.makeDirectory(path)
        let lock = Glibc.open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw TestFileError(path: "\(path).lock", errno: errno) }
        let folder = KeptFolder(path: path, lock: lock)
        let isFree = await poll(
            deadline: .seconds(600), every: .milliseconds(200), until: { flock(lock, LOCK_EX | LOCK_NB) == 0 })
        guard isFree else { throw TestFileError(path: "\(path).lock", errno: ETIMEDOUT) }
        return folder
    }

    /// Whether a test was there before.
    package static func isThere(_ name: String) -> Bool { TestFiles.exists(path(name)) }

    private static func path(_ name: String) -> String {
        "\(variable("XDG_CACHE_HOME") ?? "\(variable("HOME") ?? "/tmp")/.cache")/devloop/\(name)"
    }

    private init(path: String, lock: Int32) {
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }

    package func callAsFunction(_ relative: String) -> String { "\(path)/\(relative)" }

    /// Writes a file, but does not touch one that is equal: a newer time would compile it again.
    package func write(_ relative: String, _ text: String) throws {
        let file = self(relative)
        if (try? TestFiles.read(file)) != text { try TestFiles.write(file, text) }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
