// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ImagePack
import ProcessRunner
import Synchronization

/// One run of a command that reads an archive: started now, fed now or later.
///
/// A command that waits on its standard input has its start behind it: the program is loaded, the connection to the
/// node and to the runtime is open (`ctr`: 20 ms less for each image; ssh and `docker exec`: a tenth of a second more).
final class ImportProcess: Sendable {
    private let channel: ProcessChannel
    private let output: Words
    private let errors: Words
    let started: ContinuousClock.Instant

    private final class Words: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        /// No command that works writes more; what is beyond would only fill memory.
        private static let limit = 64 * 1024

        func add(_ more: [UInt8]) { bytes.withLock { if $0.count < Self.limit { $0 += more } } }
        var all: [UInt8] { bytes.withLock { $0 } }
    }

    /// - Throws: `DevloopError` with code process when the program cannot be started.
    init(_ command: ProcessCommand) async throws {
        let errors = Words()
        self.errors = errors
        output = Words()
        channel = try await ProcessRunner.open(command) { errors.add($0) }
        started = .now
    }

    /// Gives it the archive and waits for its end. It is ended when the archive cannot be read, or the task is cancelled.
    func hand(_ archive: ByteSource) async throws -> ProcessResult {
        do {
            // Output is taken while the archive goes in: a command that talks much must not wait for us.
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while let bytes = try await self.channel.receive() { self.output.add(bytes) }
                }
                try await self.feed(archive)
                try await group.waitForAll()
            }
            let status = await channel.wait()
            return ProcessResult(status: status, stdout: output.all, stderr: errors.all)
        } catch {
            await channel.close()
            throw error
        }
    }

    private func feed(_ archive: ByteSource) async throws {
        for try await piece in archive.stream {
            do {
                try await channel.send(piece)
            } catch is DevloopError {
                // It no longer reads: its exit code and its words say why.
                break
            }
        }
        channel.finishSending()
    }

    /// Ends a run that got nothing: by the end of its input, so that it can tidy up, else by a signal.
    func discard() async {
        channel.finishSending()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await self.channel.wait() }
            group.addTask { try? await Task.sleep(for: .seconds(2)) }
            await group.next()
            // Waiting for a process is not ended by cancelling; ending the process ends it.
            await self.channel.close()
            group.cancelAll()
        }
    }
}
