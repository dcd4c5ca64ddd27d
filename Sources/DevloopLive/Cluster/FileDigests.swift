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
        guard let described = try await describe([file]).first else {
            throw DevloopError(.sync, "\(file.source) was not described")
        }
        return described
    }

    /// Describes them in their order, and asks for their digests at once: a checkout makes thousands of them for each
    /// container.
    /// - Throws: `DevloopError` with code sync when one cannot be read.
    func describe(_ files: [SyncSet.File]) async throws -> [SyncFile] {
        var described: [SyncFile] = []
        described.reserveCapacity(files.count)
        for start in stride(from: 0, to: files.count, by: Self.atOnce) {
            let some = files[start..<min(start + Self.atOnce, files.count)]
            let infos = try some.map { try Self.info($0.source) }
            let digests = try await digests(some.map(\.source))
            for ((file, info), digest) in zip(zip(some, infos), digests) {
                let isExecutable = file.isExecutable || info.st_mode & S_IXUSR != 0
                var one = SyncFile(
                    destination: file.destination, source: .file(file.source),
                    mode: isExecutable ? 0o755 : 0o644, digest: digest, size: UInt64(info.st_size),
                    isEntry: file.isEntry)
                // Of small files nobody has noted any, and each question is a turn.
                if one.size >= SourceReadings.leastImageCopy {
                    one.imageCopy = await readings.imageCopy(of: file.source)
                }
                described.append(one)
            }
        }
        return described
    }

    /// Files that one container may have read before it is another one's turn.
    private static let atOnce = 256

    private static func info(_ path: String) throws -> stat {
        var info = stat()
        guard stat(path, &info) == 0 else {
            throw DevloopError(.sync, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        return info
    }

    private func digests(_ paths: [String]) async throws -> [ContentDigest] {
        do {
            return try await readings.digests(ofFiles: paths)
        } catch let error as DevloopError {
            throw DevloopError(.sync, error.message)
        }
    }
}
