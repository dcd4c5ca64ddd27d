// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HostFolders
import Synchronization

/// An image archive in a folder of the cache, removed when nobody needs it any more.
package final class ExportFile: Sendable {
    package let path: String
    private static let counter = Mutex(0)

    /// A name in the folder that nobody else uses. What processes have left behind that are gone is removed.
    package init(in folder: String) {
        let number = Self.counter.withLock { counter in
            counter += 1
            return counter
        }
        if number == 1 { Self.sweep(folder) }
        path = "\(folder)/export-\(getpid())-\(number).tar"
    }

    deinit { unlink(path) }

    private static func sweep(_ folder: String) {
        for name in Folder.names(in: folder) ?? [] {
            let parts = name.split(separator: "-")
            guard parts.count == 3, parts[0] == "export", let process = pid_t(parts[1]) else { continue }
            if kill(process, 0) != 0, errno == ESRCH { unlink("\(folder)/\(name)") }
        }
    }

    /// Writes a file piece by piece and removes it again if it does not become whole.
    final class Writer {
        private let path: String
        private let limit: Int
        private let descriptor: Int32
        private var size = 0
        private var isFinished = false

        /// - Parameter limit: bytes; more is an error.
        init(_ path: String, limit: Int) throws(DevloopError) {
            self.path = path
            self.limit = limit
            descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Self.failure(path, errno) }
        }

        deinit {
            close(descriptor)
            if !isFinished { unlink(path) }
        }

        func write(_ bytes: [UInt8]) throws(DevloopError) {
            size += bytes.count
            guard size <= limit else {
                throw DevloopError(.image, "the image archive is larger than the \(limit >> 20) MiB that it should be")
            }
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBytes { raw in
                    Glibc.write(descriptor, raw.baseAddress?.advanced(by: done), raw.count - done)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure(path, errno) }
                done += count
            }
        }

        func finish() { isFinished = true }

        private static func failure(_ path: String, _ number: Int32) -> DevloopError {
            DevloopError(
                .image, "cannot write \(path): \(String(cString: strerror(number)))",
                hint: number == ENOSPC
                    ? "make room: images pass through this folder on their way to the node"
                    : "the cache folder must be writable")
        }
    }
}
