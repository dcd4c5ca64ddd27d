// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Unpacks gzip (RFC 1952) piece by piece; several members behind each other are one stream, as pigz and others write it.
package final class GzipInflater {
    /// The bytes are no gzip, or are damaged.
    package struct Fault: Error {
        package var reason: String
    }

    /// More than this is handed out in several pieces by the caller's next calls: zlib's own limit is the input's size.
    private static let chunkSize = 256 << 10
    private let stream: UnsafeMutablePointer<z_stream>
    private var isAtStart = false
    private let isReady: Bool

    package init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        isReady = dl_inflate_init(stream) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
    }

    /// Unpacks the next piece of input.
    /// - Throws: ``Fault``.
    package func take(_ input: [UInt8]) throws(Fault) -> [UInt8] {
        guard isReady else { throw Fault(reason: "zlib cannot start") }
        var output: [UInt8] = []
        var result = Z_OK
        input.withUnsafeBufferPointer { buffer in
            // zlib does not write to its input; its type is older than const.
            stream.pointee.next_in = UnsafeMutablePointer(mutating: buffer.baseAddress)
            stream.pointee.avail_in = UInt32(buffer.count)
            var room = 0
            while stream.pointee.avail_in > 0 || room == 0 {
                if isAtStart {
                    if stream.pointee.avail_in == 0 { return }
                    inflateReset(stream)
                    isAtStart = false
                }
                let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { space, count in
                    stream.pointee.next_out = space.baseAddress
                    stream.pointee.avail_out = UInt32(Self.chunkSize)
                    result = inflate(stream, Z_NO_FLUSH)
                    count = Self.chunkSize - Int(stream.pointee.avail_out)
                }
                room = Int(stream.pointee.avail_out)
                output += chunk
                switch result {
                case Z_OK: continue
                case Z_STREAM_END: isAtStart = true
                // No progress was possible: all input is used.
                case Z_BUF_ERROR: return
                default: return
                }
            }
        }
        guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(result) else {
            throw Fault(reason: stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(result)")
        }
        return output
    }
}
