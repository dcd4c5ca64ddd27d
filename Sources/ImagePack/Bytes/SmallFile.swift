// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc

/// Small files of the cache folder, read and replaced whole.
package enum SmallFile {
    package static func read(_ path: String) throws(DevloopError) -> [UInt8] {
        var info = stat()
        guard stat(path, &info) == 0 else {
            throw DevloopError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        var source = ByteSource()
        source.append(file: path, size: Int(info.st_size))
        return try source.bytes()
    }

    /// Replaces the file in one step, readable by its owner alone. What is kept here only saves time, so a failure
    /// leaves the old content and is not told.
    package static func replace(_ path: String, with bytes: [UInt8]) {
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        if written == bytes.count { rename(temporary, path) } else { unlink(temporary) }
    }
}
