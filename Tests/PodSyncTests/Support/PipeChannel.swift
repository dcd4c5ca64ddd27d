// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Dispatch
import Glibc
import Synchronization

/// A byte stream over the standard input and output of a child process.
final class PipeChannel: ByteChannel {
    let process: TestProcess
    private let writing = DispatchQueue(label: "devloop.test.write")
    private let chunks: AsyncStream<[UInt8]>
    private let sink: AsyncStream<[UInt8]>.Continuation
    private let closed = Mutex(false)

    init(_ process: TestProcess) {
        self.process = process
        (chunks, sink) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .unbounded)
        let sink = sink
        DispatchQueue(label: "devloop.test.read").async {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(process.output, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                sink.yield(Array(buffer[..<count]))
            }
            sink.finish()
        }
    }

    func send(_ bytes: [UInt8]) async throws {
        let process = process
        let isSent = await withCheckedContinuation { (done: CheckedContinuation<Bool, Never>) in
            writing.async {
                var position = 0
                while position < bytes.count {
                    let start = position
                    // A child that is gone must not bring SIGPIPE.
                    let count = bytes.withUnsafeBytes {
                        Glibc.send(
                            process.input, $0.baseAddress.map { $0 + start }, $0.count - start,
                            Int32(MSG_NOSIGNAL))
                    }
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    position += count
                }
                done.resume(returning: position == bytes.count)
            }
        }
        guard isSent, !closed.withLock({ $0 }) else { throw DevloopError(.process, "the pipe is closed") }
    }

    func receive() async throws -> [UInt8]? {
        for await chunk in chunks { return chunk }
        return nil
    }

    func close() async {
        closed.withLock { $0 = true }
        process.signal(SIGKILL)
        // As exec does: both directions end, also for the agent, which holds the other ends itself.
        shutdown(process.input, Int32(SHUT_RDWR))
        shutdown(process.output, Int32(SHUT_RDWR))
        sink.finish()
    }
}

/// Spoils what is sent: cuts the stream, or flips a bit, at a byte's place.
final class FaultyChannel: ByteChannel {
    enum Fault: Sendable {
        case cut(at: Int)
        case flip(at: Int)
    }

    private let base: any ByteChannel
    private let fault: Fault
    private let sent = Mutex(0)

    init(_ base: any ByteChannel, _ fault: Fault) {
        self.base = base
        self.fault = fault
    }

    var bytesSent: Int { sent.withLock { $0 } }

    func send(_ bytes: [UInt8]) async throws {
        let start = sent.withLock { sent in
            defer { sent += bytes.count }
            return sent
        }
        switch fault {
        case .cut(let place) where start + bytes.count > place:
            try await base.send(Array(bytes.prefix(max(0, place - start))))
            await base.close()
            throw DevloopError(.process, "cut")
        case .flip(let place) where (start..<start + bytes.count).contains(place):
            var spoiled = bytes
            spoiled[place - start] ^= 0x10
            try await base.send(spoiled)
        default: try await base.send(bytes)
        }
    }

    func receive() async throws -> [UInt8]? { try await base.receive() }

    func close() async { await base.close() }
}

/// Gives a cancelled sender up, as a connection of the real transport does.
final class ImpatientChannel: ByteChannel {
    private let base: any ByteChannel

    init(_ base: any ByteChannel) { self.base = base }

    func send(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        try await base.send(bytes)
        try Task.checkCancellation()
    }

    func receive() async throws -> [UInt8]? { try await base.receive() }

    func close() async { await base.close() }
}
