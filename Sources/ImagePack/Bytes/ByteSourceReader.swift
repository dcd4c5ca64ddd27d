// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Glibc
package import Hashing

/// Reads a ``ByteSource`` from front to back, in pieces of at most 1 MiB.
package final class ByteSourceReader {
    private static let pieceSize = 1 << 20
    private let segments: [ByteSource.Segment]
    private var index = 0
    private var descriptor: Int32 = -1
    private var left = 0

    package init(_ source: ByteSource) { segments = source.segments }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The next piece; nil at the end.
    /// - Throws: `DevloopError` with code image when a file cannot be read or is shorter than it was.
    package func next() throws(DevloopError) -> [UInt8]? {
        guard index < segments.count else { return nil }
        switch segments[index] {
        case .bytes(let bytes):
            index += 1
            return bytes
        case .file(let path, let offset, let size):
            if descriptor < 0 {
                descriptor = open(path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else {
                    throw Self.failure(path, "cannot be opened: \(String(cString: strerror(errno)))")
                }
                left = size
                if offset > 0, lseek(descriptor, off_t(offset), SEEK_SET) < 0 {
                    throw Self.failure(path, "cannot be read: \(String(cString: strerror(errno)))")
                }
            }
            let piece = try read(path)
            left -= piece.count
            if left == 0 {
                close(descriptor)
                descriptor = -1
                index += 1
            }
            return piece
        }
    }

    private func read(_ path: String) throws(DevloopError) -> [UInt8] {
        let wanted = min(left, Self.pieceSize)
        var failure: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            while count < wanted {
                let got = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), wanted - count)
                if got < 0 {
                    if errno == EINTR { continue }
                    failure = errno
                    return
                }
                if got == 0 { return }
                count += got
            }
        }
        if failure != 0 { throw Self.failure(path, "cannot be read: \(String(cString: strerror(failure)))") }
        guard piece.count == wanted else { throw Self.failure(path, "became shorter while it was packed") }
        return piece
    }

    private static func failure(_ path: String, _ text: String) -> DevloopError {
        DevloopError(.image, "\(path) \(text)", hint: "wait until the build has ended; the next save tries again")
    }
}

extension ByteSource {
    /// The first bytes, at most `count` of them.
    package func prefix(_ count: Int) throws(DevloopError) -> [UInt8] {
        let reader = ByteSourceReader(self)
        var found: [UInt8] = []
        while found.count < count, let piece = try reader.next() { found += piece.prefix(count - found.count) }
        return found
    }

    /// SHA-256 of all bytes.
    package func digest() throws(DevloopError) -> ContentDigest {
        var hash = SHA256()
        let reader = ByteSourceReader(self)
        while let piece = try reader.next() { hash.update(piece) }
        return hash.finish()
    }

    /// SHA-256 of the bytes as if those of some ranges were zero.
    package func digest(blanking ranges: [Range<Int>]) throws(DevloopError) -> ContentDigest {
        var hash = SHA256()
        let reader = ByteSourceReader(self)
        var position = 0
        while var piece = try reader.next() {
            let here = position..<position + piece.count
            for range in ranges where range.overlaps(here) {
                for index in range.clamped(to: here) { piece[index - position] = 0 }
            }
            hash.update(piece)
            position = here.upperBound
        }
        return hash.finish()
    }

    /// All bytes in memory; for small sources.
    package func bytes() throws(DevloopError) -> [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(size)
        let reader = ByteSourceReader(self)
        while let piece = try reader.next() { all += piece }
        return all
    }

    /// The bytes as they are asked for.
    package var stream: ByteSourceStream { ByteSourceStream(source: self) }
}

/// A ``ByteSource`` for consumers that take an asynchronous sequence; each iteration reads anew.
package struct ByteSourceStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    let source: ByteSource

    package struct Iterator: AsyncIteratorProtocol {
        let reader: ByteSourceReader

        package mutating func next() async throws -> [UInt8]? { try reader.next() }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(reader: ByteSourceReader(source)) }
}
