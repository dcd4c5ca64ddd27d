// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
package import ImagePack
package import ProcessRunner
import Synchronization

/// Hands whole image archives to a command that takes the name of a file.
///
/// Each file has a name that no other had, and is written anew: Minikube does not copy a file to the node when one of
/// the same name, size and time is there.
package final class FileImport: ImageDelivering {
    package let summary: String
    private let folder: String
    private let command: @Sendable (_ file: String) -> ProcessCommand
    /// Commands that remove what the load has left on nodes.
    private let cleanUp: @Sendable (_ fileName: String) -> [ProcessCommand]
    private let count = Mutex(0)

    /// - Parameter folder: where the files are put while they are needed.
    package init(
        summary: String, folder: String, command: @escaping @Sendable (String) -> ProcessCommand,
        cleanUp: @escaping @Sendable (String) -> [ProcessCommand] = { _ in [] }
    ) {
        self.summary = summary
        self.folder = folder
        self.command = command
        self.cleanUp = cleanUp
    }

    package func deliver(_ image: PackedImage) async throws -> Delivery {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let name = "\(image.tag)-\(getpid())-\(number).tar"
        let path = "\(folder)/\(name)"
        let archive = try ImageArchive.make(image)
        defer { unlink(path) }
        try Self.write(archive, to: path)
        let run = command(path)
        let result = try await ProcessRunner.run(run)
        guard result.status.isSuccess else {
            let words = result.errorText.isEmpty ? result.outputText : result.errorText
            let last = words.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw DevloopError(
                .image,
                "'\(run.arguments.joined(separator: " "))' did not take \(image.reference): \(result.status)"
                    + (last.isEmpty ? "" : ": \(last)"),
                hint: "run the command by hand with an image archive to see what it needs")
        }
        // What stays is only space on the node's disk.
        for command in cleanUp(name) { _ = try? await ProcessRunner.run(command) }
        return Delivery(reference: image.reference, way: "full archive", sent: archive.size)
    }

    private static func write(_ archive: ByteSource, to path: String) throws(DevloopError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { Glibc.close(descriptor) }
        let reader = ByteSourceReader(archive)
        while let piece = try reader.next() {
            var offset = 0
            while offset < piece.count {
                let count = piece.withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), piece.count - offset)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw failure(path) }
                offset += count
            }
        }
    }

    private static func failure(_ path: String) -> DevloopError {
        DevloopError(
            .image, "cannot write the image to \(path): \(String(cString: strerror(errno)))",
            hint: "make room there, or set TMPDIR to a folder with more")
    }
}
