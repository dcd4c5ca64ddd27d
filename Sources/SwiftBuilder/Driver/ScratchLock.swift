// SPDX-License-Identifier: Apache-2.0

import Glibc

/// SwiftPM's own lock of a scratch folder, held as long as this object lives.
///
/// SwiftPM 6 locks, with flock(2), a file in the folder for temporary files whose name is the scratch folder's path with
/// underscores for slashes.
final class ScratchLock {
    private let descriptor: Int32

    /// Nil when another SwiftPM holds it.
    init?(_ scratch: String, _ environment: [String: String]) {
        guard let real = realpath(scratch, nil) else { return nil }
        defer { free(real) }
        let folder = environment["TMPDIR"] ?? "/tmp"
        let path = String(cString: real).split(separator: "/").joined(separator: "_")
        descriptor = open("\(folder)/_\(path).lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
    }

    deinit {
        // Closing gives the lock free.
        if descriptor >= 0 { close(descriptor) }
    }
}
