// SPDX-License-Identifier: Apache-2.0

import CCurl
import DevloopCore
import Synchronization

/// A connected socket, inside TLS or not, as a stream of bytes in both directions.
///
/// Calls go straight to the socket; only when it would block does the loop's thread tell when it is ready.
package final class RawConnection: ByteChannel {
    /// What must be freed together, after the handle has left its multi handle.
    struct Resources: @unchecked Sendable {
        // @unchecked: addresses only, guarded by the connection's mutex.
        let handle: EasyHandle
        let multi: MultiHandle
        let list: UnsafeMutablePointer<curl_slist>?
        let descriptor: Int32

        func free() {
            curl_multi_remove_handle(multi.raw, handle.raw)
            handle.free()
            curl_slist_free_all(list)
            multi.free()
        }
    }

    /// Scheme, host and port, for messages.
    package let address: String
    private let owner: LoopOwner
    private let state: Mutex<ConnectionState>

    init(_ resources: Resources, address: String, owner: LoopOwner) {
        self.address = address
        self.owner = owner
        state = Mutex(ConnectionState(resources: resources, address: address))
        owner.loop.sockets.add(self)
    }

    deinit {
        owner.loop.sockets.remove(self)
        state.withLock { $0.free() }
    }

    /// Sends all bytes after those of earlier calls; returns when they are in the system's buffer or, at most 64 KiB of
    /// them, in ours.
    package func send(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        let ticket = state.withLock { $0.nextTicket() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var effects = state.withLock { state -> Effects in
                    if Task.isCancelled { return Effects(sent: [(continuation, .failure(CancellationError()))]) }
                    state.enqueue(Outgoing(ticket: ticket, bytes: bytes, waiter: continuation))
                    return state.flush()
                }
                perform(&effects)
            }
        } onCancel: {
            state.withLock { $0.forget(ticket) }?.resume(throwing: CancellationError())
        }
    }

    /// Sends bytes after those of earlier calls without waiting; for small control frames.
    func post(_ bytes: [UInt8]) {
        var effects = state.withLock { state in
            state.enqueue(Outgoing(ticket: state.nextTicket(), bytes: bytes, waiter: nil))
            return state.flush()
        }
        perform(&effects)
    }

    package func receive() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var effects = state.withLock { state -> Effects in
                    if Task.isCancelled { return Effects(received: (continuation, .failure(CancellationError()))) }
                    return state.receive(continuation)
                }
                perform(&effects)
            }
        } onCancel: {
            state.withLock { $0.takeReader() }?.resume(throwing: CancellationError())
        }
    }

    package func close() async { closeNow() }

    /// Closes at once, with what is still unsent.
    func closeNow() {
        var effects = state.withLock { $0.close() }
        perform(&effects)
    }

    // MARK: the loop's side

    /// Has the socket waited for in an epoll instance, when there is something to wait for; -errno when that fails.
    func arm(_ epoll: Int32, token: UInt64) -> Int32 { state.withLock { $0.arm(epoll, token: token) } }

    func socketIsReady() {
        var effects = state.withLock { $0.socketIsReady() }
        perform(&effects)
    }

    func fail(_ error: any Error) {
        var effects = state.withLock { $0.fail(error) }
        perform(&effects)
    }

    private func perform(_ effects: inout Effects) {
        for (waiter, result) in effects.sent { waiter.resume(with: result) }
        if let (waiter, result) = effects.received { waiter.resume(with: result) }
        if effects.waits { owner.loop.sockets.wait(for: self) }
    }
}
