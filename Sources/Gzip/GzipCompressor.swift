// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Packs bytes as gzip (RFC 1952), piece by piece. The same bytes give the same result: the header has no time and no
/// name.
package final class GzipCompressor {
    private static let chunkSize = 256 << 10
    private let stream: UnsafeMutablePointer<z_stream>
    private let isReady: Bool

    /// - Parameter level: 1, the fastest, to 9.
    package init(level: Int32) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        isReady = dl_deflate_init(stream, level) == Z_OK
    }

    deinit {
        if isReady { deflateEnd(stream) }
        stream.deallocate()
    }

    /// Packs the next piece; what comes out may be empty.
    package func take(_ input: [UInt8]) -> [UInt8] { run(input, Z_NO_FLUSH) }

    /// The end of the stream. Call once, last.
    package func finish() -> [UInt8] { run([], Z_FINISH) }

    private func run(_ input: [UInt8], _ flush: Int32) -> [UInt8] {
        precondition(isReady, "zlib cannot start: no memory")
        var output: [UInt8] = []
        input.withUnsafeBufferPointer { buffer in
            // zlib does not write to its input; its type is older than const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: buffer.baseAddress)
            stream.pointee.avail_in = UInt32(buffer.count)
            var isFull = true
            while isFull {
                output += [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { space, count in
                    stream.pointee.next_out = space.baseAddress
                    stream.pointee.avail_out = UInt32(Self.chunkSize)
                    _ = deflate(stream, flush)
                    count = Self.chunkSize - Int(stream.pointee.avail_out)
                }
                isFull = stream.pointee.avail_out == 0
            }
        }
        return output
    }
}
