// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A folder with the public suites: `starlark-go` and `bazelbuild` below it.
package struct ConformanceFolder: Sendable {
    /// Where it is.
    package let path: String

    /// The folder at `path`; nil when there is none.
    package init?(_ path: String) {
        self.path = path
        guard access(path + "/starlark-go/assert.star", R_OK) == 0 else { return nil }
    }

    /// The bytes of a file below the folder.
    package func bytes(_ file: String) throws -> [UInt8] {
        guard let stream = fopen(path + "/" + file, "rb") else { throw UnreadableFile(path: file) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard ferror(stream) == 0 else { throw UnreadableFile(path: file) }
        return bytes
    }

    /// Writes a file, of any path.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        guard let stream = fopen(path, "wb") else { throw UnreadableFile(path: path) }
        defer { fclose(stream) }
        guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else { throw UnreadableFile(path: path) }
    }

    func text(_ file: String) throws -> String { String(decoding: try bytes(file), as: UTF8.self) }
}

/// A file that cannot be read or written.
package struct UnreadableFile: Error, CustomStringConvertible {
    let path: String
    /// Names the file.
    package var description: String { "cannot read or write \(path)" }
}
