// SPDX-License-Identifier: Apache-2.0

/// The start of a file that came with a set which was cut: the next set may go on from there.
package struct StagedPart: Sendable, Equatable {
    /// Destination of the file.
    package var path: [UInt8]
    /// SHA-256 that the whole content is to have.
    package var digest: [UInt8]
    /// Bytes that are there. They are proved with the rest, when the file is complete.
    package var size: UInt64

    package init(path: [UInt8], digest: [UInt8], size: UInt64) {
        self.path = path
        self.digest = digest
        self.size = size
    }

    static let minimumSize = 16

    func write(to writer: inout ByteWriter) {
        writer.blob(path)
        writer.blob(digest)
        writer.u64(size)
    }

    init(from reader: inout ByteReader) {
        path = reader.blob()
        digest = reader.blob()
        size = reader.u64()
    }
}
