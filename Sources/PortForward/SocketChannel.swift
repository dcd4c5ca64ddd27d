// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Dispatch
import Glibc

/// A connected stream socket as a channel. Waits cost no thread: readiness comes from Dispatch.
final class SocketChannel: ByteChannel {
    private static let pieceSize = 64 * 1024
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "devloop.forward")

    /// Takes over the descriptor and makes it non-blocking.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { Glibc.close(descriptor) }

    func send(_ bytes: [UInt8]) async throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                // MSG_NOSIGNAL: a client that left must not end the session by SIGPIPE.
                Glibc.send(
                    descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN {
                await ready(forWriting: true)
            } else if errno != EINTR {
                throw DevloopError(.clusterUnreachable, "the local client left: \(String(cString: strerror(errno)))")
            }
        }
    }

    func receive() async throws -> [UInt8]? {
        while true {
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
                let got = read(descriptor, buffer.baseAddress, Self.pieceSize)
                failure = got < 0 ? errno : 0
                count = max(0, got)
            }
            if failure == 0 { return piece.isEmpty ? nil : piece }
            if failure == EAGAIN {
                await ready(forWriting: false)
            } else if failure != EINTR {
                throw DevloopError(.clusterUnreachable, "the local client left: \(String(cString: strerror(failure)))")
            }
        }
    }

    /// Ends both directions; who waits in `receive` wakes. The descriptor itself goes with the last reference.
    func close() async { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func ready(forWriting: Bool) async {
        await DescriptorReadiness.wait(descriptor, forWriting: forWriting, on: queue)
    }
}

/// Waits until a descriptor can be read or written without blocking.
enum DescriptorReadiness {
    static func wait(_ descriptor: Int32, forWriting: Bool, on queue: DispatchQueue) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let source: any DispatchSourceProtocol =
                forWriting
                ? DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
                : DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
            source.setEventHandler { source.cancel() }
            source.setCancelHandler { continuation.resume() }
            source.resume()
        }
    }
}
