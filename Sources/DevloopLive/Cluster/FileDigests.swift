// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import Hashing
import LoopEngine
import PodSync

/// Describes files for a set; shared by all containers, so that each file is read once.
struct FileDigests: Sendable {
    let readings: SourceReadings

    /// - Throws: `DevloopError` with code sync when the file cannot be read.
    func describe(_ file: SyncSet.File) async throws -> SyncFile {
        var info = stat()
        guard stat(file.source, &info) == 0 else {
            throw DevloopError(.sync, "\(file.source) cannot be read: \(String(cString: strerror(errno)))")
        }
        let isExecutable = file.isExecutable || info.st_mode & S_IXUSR != 0
        var described = SyncFile(
            destination: file.destination, source: .file(file.source), mode: isExecutable ? 0o755 : 0o644,
            digest: try await digest(file.source), size: UInt64(info.st_size), isEntry: file.isEntry)
        described.imageCopy = await readings.imageCopy(of: file.source)
        return described
    }

    private func digest(_ path: String) async throws -> ContentDigest {
        do {
            return try await readings.digest(ofFile: path)
        } catch let error as DevloopError {
            throw DevloopError(.sync, error.message)
        }
    }
}
