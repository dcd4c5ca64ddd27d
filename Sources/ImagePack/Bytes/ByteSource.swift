// SPDX-License-Identifier: Apache-2.0

/// Bytes that are described before they are read: literal pieces, files and parts of files. Never holds a file's content.
package struct ByteSource: Sendable {
    enum Segment: Sendable {
        case bytes([UInt8])
        case file(path: String, offset: Int, size: Int)
    }

    private(set) var segments: [Segment] = []
    /// Bytes in all.
    package private(set) var size = 0

    package init() {}

    package init(_ bytes: [UInt8]) { append(bytes) }

    package mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        size += bytes.count
        // Neighbours are joined, so that a tar of many small headers does not become many small writes.
        if case .bytes(var last)? = segments.last, last.count < 65_536 {
            segments.removeLast()
            last += bytes
            segments.append(.bytes(last))
        } else {
            segments.append(.bytes(bytes))
        }
    }

    /// - Parameter offset: where in the file the bytes begin, as those of a layer inside an archive do.
    package mutating func append(file path: String, offset: Int = 0, size count: Int) {
        guard count > 0 else { return }
        size += count
        segments.append(.file(path: path, offset: offset, size: count))
    }

    package mutating func append(_ other: ByteSource) {
        for segment in other.segments {
            switch segment {
            case .bytes(let bytes): append(bytes)
            case .file(let path, let offset, let count): append(file: path, offset: offset, size: count)
            }
        }
    }

    /// All but the first bytes, for a transfer that goes on where it was cut.
    package func dropping(_ count: Int) -> ByteSource {
        var rest = ByteSource()
        var count = count
        for segment in segments {
            switch segment {
            case .bytes(let bytes):
                rest.append(Array(bytes.dropFirst(count)))
                count = max(0, count - bytes.count)
            case .file(let path, let offset, let size):
                let skipped = min(count, size)
                rest.append(file: path, offset: offset + skipped, size: size - skipped)
                count -= skipped
            }
        }
        return rest
    }
}
