// SPDX-License-Identifier: Apache-2.0

/// A path to delete. Only what the record owns is deleted, or a file whose content is exactly what the host knows to
/// have put into the image.
package struct SetDeletion: Sendable, Equatable {
    package var path: [UInt8]
    /// SHA-256 of the copy in the image; empty when the path must be in the record.
    package var imageDigest: [UInt8]

    package init(path: [UInt8], imageDigest: [UInt8] = []) {
        self.path = path
        self.imageDigest = imageDigest
    }

    static let minimumSize = 8

    func write(to writer: inout ByteWriter) {
        writer.blob(path)
        writer.blob(imageDigest)
    }

    init(from reader: inout ByteReader) {
        path = reader.blob()
        imageDigest = reader.blob()
    }
}
