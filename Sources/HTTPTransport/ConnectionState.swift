// SPDX-License-Identifier: Apache-2.0

import CCurl
import CDevloop
import DevloopCore
import Glibc

/// Bytes on their way out.
struct Outgoing {
    let ticket: UInt64
    let bytes: [UInt8]
    var offset = 0
    /// nil when nobody waits (any more).
    var waiter: CheckedContinuation<Void, any Error>?
}

/// What to do after the connection's lock is released.
struct Effects {
    var sent: [(CheckedContinuation<Void, any Error>, Result<Void, any Error>)] = []
    var received: (CheckedContinuation<[UInt8]?, any Error>, Result<[UInt8]?, any Error>)?
    /// The socket is to be waited for.
    var waits = false
}

/// The state of a ``RawConnection``, guarded by its mutex.
struct ConnectionState {
    private static let bufferSize = 64 << 10

    private let address: String
    /// nil once closed.
    private var resources: RawConnection.Resources?
    /// The epoll instance that knows the socket.
    private var epoll: Int32?
    private var lastTicket: UInt64 = 0
    private var outgoing: [Outgoing] = []
    /// Bytes given to TLS but not taken yet: OpenSSL wants a refused write repeated from the same address.
    private let staging: UnsafeMutableRawPointer
    private var staged = 0..<0
    private let scratch: UnsafeMutableRawPointer
    private var reader: CheckedContinuation<[UInt8]?, any Error>?
    private var failure: (any Error)?

    init(resources: RawConnection.Resources, address: String) {
        self.resources = resources
        self.address = address
        staging = .allocate(byteCount: Self.bufferSize, alignment: 16)
        scratch = .allocate(byteCount: Self.bufferSize, alignment: 16)
    }

    /// Only from the owner's `deinit`.
    mutating func free() {
        release()
        staging.deallocate()
        scratch.deallocate()
    }

    private mutating func release() {
        guard let resources else { return }
        if let epoll { dl_epoll_forget(epoll, resources.descriptor) }
        self.resources = nil
        resources.free()
    }

    mutating func nextTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    // MARK: sending

    mutating func enqueue(_ entry: Outgoing) { outgoing.append(entry) }

    /// A cancelled sender: bytes that are not begun are taken back, others must still go out whole.
    mutating func forget(_ ticket: UInt64) -> CheckedContinuation<Void, any Error>? {
        guard let index = outgoing.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        defer {
            if outgoing[index].offset == 0 { outgoing.remove(at: index) } else { outgoing[index].waiter = nil }
        }
        return outgoing[index].waiter
    }

    /// Writes until everything is out or the socket is full.
    mutating func flush() -> Effects {
        var effects = Effects()
        guard let resources, failure == nil else {
            effects.sent = takeWriters(failure ?? closedError)
            return effects
        }
        while true {
            if staged.isEmpty { stage(into: &effects) }
            guard !staged.isEmpty else { return effects }
            var count = 0
            let code = curl_easy_send(resources.handle.raw, staging + staged.lowerBound, staged.count, &count)
            if code == CURLE_OK {
                staged = staged.lowerBound + count..<staged.upperBound
            } else if code == CURLE_AGAIN {
                effects.waits = true
                return effects
            } else {
                var failed = fail(HTTPFailure.error(code, detail: "", address: address))
                failed.sent = effects.sent + failed.sent
                return failed
            }
        }
    }

    /// Fills the staging buffer from the queue; several small entries become one write.
    private mutating func stage(into effects: inout Effects) {
        var filled = 0
        var finished = 0
        while finished < outgoing.count, filled < Self.bufferSize {
            let entry = outgoing[finished]
            let count = min(entry.bytes.count - entry.offset, Self.bufferSize - filled)
            entry.bytes.withUnsafeBytes { source in
                guard let base = source.baseAddress else { return }
                (staging + filled).copyMemory(from: base + entry.offset, byteCount: count)
            }
            filled += count
            guard entry.offset + count == entry.bytes.count else {
                outgoing[finished].offset += count
                break
            }
            if let waiter = entry.waiter { effects.sent.append((waiter, .success(()))) }
            finished += 1
        }
        outgoing.removeFirst(finished)
        staged = 0..<filled
    }

    // MARK: receiving

    mutating func receive(_ waiter: CheckedContinuation<[UInt8]?, any Error>) -> Effects {
        guard reader == nil else {
            return Effects(
                received: (waiter, .failure(DevloopError(.protocolViolation, "two readers on one connection"))))
        }
        reader = waiter
        return read()
    }

    mutating func takeReader() -> CheckedContinuation<[UInt8]?, any Error>? {
        defer { reader = nil }
        return reader
    }

    /// Gives the reader what is there, or has the socket waited for.
    private mutating func read() -> Effects {
        guard reader != nil else { return Effects() }
        guard let resources else { return answer(.success(nil)) }
        var filled = 0
        // TLS hands out one record (16 KiB) a call: gather what is there.
        while filled < Self.bufferSize {
            var count = 0
            let code = curl_easy_recv(resources.handle.raw, scratch + filled, Self.bufferSize - filled, &count)
            if code == CURLE_OK, count > 0 {
                filled += count
                continue
            }
            if filled > 0 { break }
            if code == CURLE_AGAIN {
                if let failure { return answer(.failure(failure)) }
                return Effects(waits: true)
            }
            if code == CURLE_OK { return answer(.success(nil)) }
            return fail(HTTPFailure.error(code, detail: "", address: address))
        }
        return answer(.success(Array(UnsafeRawBufferPointer(start: scratch, count: filled))))
    }

    private mutating func answer(_ result: Result<[UInt8]?, any Error>) -> Effects {
        guard let waiter = takeReader() else { return Effects() }
        return Effects(received: (waiter, result))
    }

    // MARK: waiting and ending

    /// Has the socket waited for; under the lock, so that it cannot be closed, and its number another's, in between.
    /// - Returns: -errno when that fails.
    mutating func arm(_ epoll: Int32, token: UInt64) -> Int32 {
        guard let resources, failure == nil else { return 0 }
        var wanted: Int32 = 0
        if reader != nil { wanted |= Int32(DL_EPOLL_READ) }
        if !staged.isEmpty { wanted |= Int32(DL_EPOLL_WRITE) }
        guard wanted != 0 else { return 0 }
        defer { self.epoll = epoll }
        return dl_epoll_watch(epoll, resources.descriptor, token, wanted, self.epoll == nil ? 0 : 1)
    }

    mutating func socketIsReady() -> Effects {
        var effects = read()
        if !staged.isEmpty {
            let flushed = flush()
            effects.sent += flushed.sent
            effects.received = effects.received ?? flushed.received
        }
        return effects
    }

    mutating func fail(_ error: any Error) -> Effects {
        if failure == nil { failure = error }
        var effects = answer(.failure(error))
        effects.sent = takeWriters(error)
        return effects
    }

    mutating func close() -> Effects {
        guard resources != nil else { return Effects() }
        release()
        var effects = answer(.success(nil))
        effects.sent = takeWriters(closedError)
        return effects
    }

    private mutating func takeWriters(
        _ error: any Error
    ) -> [(CheckedContinuation<Void, any Error>, Result<Void, any Error>)] {
        let writers = outgoing.compactMap { entry in entry.waiter.map { ($0, Result<Void, any Error>.failure(error)) } }
        outgoing = []
        staged = 0..<0
        return writers
    }

    private var closedError: DevloopError {
        DevloopError(
            .clusterUnreachable, "the connection to \(address) is closed", cause: HTTPFailure(kind: .interrupted))
    }
}
