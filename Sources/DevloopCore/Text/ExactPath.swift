// SPDX-License-Identifier: Apache-2.0

/// A path as file systems compare it: byte by byte.
///
/// `String` takes `é` in one scalar and in two for the same text; on Linux these are two files. What is kept by path is
/// kept by this.
package struct ExactPath: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static func == (left: ExactPath, right: ExactPath) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package static func < (left: ExactPath, right: ExactPath) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        let isContiguous = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isContiguous == nil { for byte in text.utf8 { hasher.combine(byte) } }
        // A path is never the beginning of another one's hash.
        hasher.combine(0xFF as UInt8)
    }

    /// Whether `path` lies below `folder`, not being the folder itself. Both absolute; `folder` without a slash at its
    /// end, but for `/`.
    package static func isBelow(_ path: String, _ folder: String) -> Bool {
        let (path, folder) = (path.utf8, folder.utf8)
        guard folder.count > 1 else { return path.count > 1 && path.first == 0x2F }
        return path.count > folder.count + 1 && path.starts(with: folder)
            && path[path.index(path.startIndex, offsetBy: folder.count)] == 0x2F
    }
}
