// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
import HostFolders
import ImagePack
import ProcessRunner

/// A directory for one build, readable by its owner alone, removed with all it holds.
final class ScratchFolder: Sendable {
    let path: String

    init() throws(DevloopError) {
        let base = ProcessEnvironment.value("TMPDIR") ?? "/tmp"
        var template = Array("\(base)/devloop-build-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DevloopError(
                .image, "cannot make a folder in \(base): \(String(cString: strerror(errno)))",
                hint: "make room, or set TMPDIR to a folder that is writable")
        }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    func write(_ name: String, _ bytes: [UInt8]) throws(DevloopError) {
        let writer = try ExportFile.Writer("\(path)/\(name)", limit: .max)
        try writer.write(bytes)
        writer.finish()
    }

    func read(_ name: String) throws(DevloopError) -> [UInt8] { try SmallFile.read("\(path)/\(name)") }

    /// Links are removed, not followed.
    private static func remove(_ path: String) {
        if unlink(path) == 0 || errno == ENOENT { return }
        // A context may hold directories that cannot be written.
        chmod(path, 0o700)
        for name in Folder.names(in: path) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
