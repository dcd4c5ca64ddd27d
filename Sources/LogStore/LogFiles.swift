// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Files `<folder>/<resource>.log`, rotated to `.log.1` and `.log.2`, readable by the user alone.
package final class LogFiles: LogSink {
    /// Bytes of one file before it is rotated; three of them are kept for each source (reference: 3 x 64 MiB).
    package static let defaultFileSize = 64 * 1024 * 1024
    private static let kept = 3

    private struct OpenFile {
        var descriptor: CInt
        var size: Int
    }

    private struct State {
        var open: [String: OpenFile] = [:]
        var rotatedAway = 0
        var failed = 0
    }

    private let folder: String
    private let fileSize: Int
    private let state = Mutex(State())

    /// - Parameter folder: made when it is missing, as is its parent.
    package init(folder: String, fileSize: Int = LogFiles.defaultFileSize) {
        self.folder = folder
        self.fileSize = fileSize
    }

    deinit {
        state.withLock { state in
            for file in state.open.values { close(file.descriptor) }
        }
    }

    /// Bytes that were deleted with the oldest file of a source.
    package var rotatedAwayBytes: Int { state.withLock { $0.rotatedAway } }

    /// Bytes that could not be written, because the disk is full or the folder cannot be written.
    package var failedBytes: Int { state.withLock { $0.failed } }

    package func path(of source: String) -> String? { "\(folder)/\(Self.fileName(source))" }

    package func write(_ lines: [UInt8], source: String) {
        state.withLock { state in
            guard var file = state.open[source] ?? open(source) else {
                state.failed += lines.count
                return
            }
            if file.size > 0, file.size + lines.count > fileSize {
                close(file.descriptor)
                state.open[source] = nil
                rotate(source, &state)
                guard let fresh = open(source) else {
                    state.failed += lines.count
                    return
                }
                file = fresh
            }
            let written = Self.writeAll(lines, to: file.descriptor)
            file.size += written
            state.failed += lines.count - written
            state.open[source] = file
        }
    }

    private func open(_ source: String) -> OpenFile? {
        let path = "\(folder)/\(Self.fileName(source))"
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        var descriptor = Glibc.open(path, flags, 0o600)
        if descriptor < 0, errno == ENOENT {
            if let slash = folder.lastIndex(of: "/"), slash != folder.startIndex {
                mkdir(String(folder[..<slash]), 0o755)
            }
            mkdir(folder, 0o700)
            descriptor = Glibc.open(path, flags, 0o600)
        }
        guard descriptor >= 0 else { return nil }
        return OpenFile(descriptor: descriptor, size: Int(max(0, lseek(descriptor, 0, SEEK_END))))
    }

    private func rotate(_ source: String, _ state: inout State) {
        let path = "\(folder)/\(Self.fileName(source))"
        var information = stat()
        if stat("\(path).\(Self.kept - 1)", &information) == 0 { state.rotatedAway += Int(information.st_size) }
        for number in stride(from: Self.kept - 1, to: 0, by: -1) {
            rename(number == 1 ? path : "\(path).\(number - 1)", "\(path).\(number)")
        }
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> Int {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if count < 0 {
                    if errno == EINTR { continue }
                    break
                }
                done += count
            }
            return done
        }
    }

    /// A resource's name as a file name: it comes from a spec and may hold anything.
    private static func fileName(_ source: String) -> String {
        var name = ""
        for scalar in source.unicodeScalars {
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            name.unicodeScalars.append(isPlain || scalar == "-" || scalar == "_" || scalar == "." ? scalar : "_")
        }
        if name.hasPrefix(".") || name.isEmpty { name = "_" + name }
        return "\(name.prefix(200)).log"
    }
}
