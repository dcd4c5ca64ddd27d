// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopCore
import Glibc
import Synchronization

/// Tells raw connections when their sockets are ready.
///
/// Any thread has a socket waited for, without waking the loop's thread, and what it costs does not grow with the number of
/// connections: given to libcurl's poll, each answer of each container would wake the thread to look at all of them.
final class SocketWatch: Sendable {
    private struct Entry {
        weak var connection: RawConnection?
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var isStopped = false
    }

    /// Readable when a socket is ready; for the loop's poll.
    let descriptor: Int32
    private let state = Mutex(State())

    init?() {
        descriptor = dl_epoll_make()
        if descriptor < 0 { return nil }
    }

    deinit { Glibc.close(descriptor) }

    private static func token(_ connection: RawConnection) -> UInt64 {
        // A connection leaves before its memory can be another's.
        UInt64(UInt(bitPattern: ObjectIdentifier(connection)))
    }

    func add(_ connection: RawConnection) {
        state.withLock { $0.entries[Self.token(connection)] = Entry(connection: connection) }
    }

    /// From the connection's `deinit`.
    func remove(_ connection: RawConnection) {
        _ = state.withLock { $0.entries.removeValue(forKey: Self.token(connection)) }
    }

    /// Has a connection told once that its socket is ready for what it waits for.
    func wait(for connection: RawConnection) {
        guard !state.withLock({ $0.isStopped }) else {
            return connection.fail(HTTPFailure.shutDown(connection.address))
        }
        let result = connection.arm(descriptor, token: Self.token(connection))
        guard result < 0 else { return }
        connection.fail(
            DevloopError(
                .process,
                "cannot wait for the connection to \(connection.address): \(String(cString: strerror(-result)))"))
    }

    /// Tells the connections whose sockets are ready; for the loop's thread.
    func tellReady() {
        var tokens = [UInt64](repeating: 0, count: Int(DL_EPOLL_MOST))
        let count = dl_epoll_take(descriptor, &tokens)
        guard count > 0 else { return }
        let ready = state.withLock { state in tokens.prefix(Int(count)).map { state.entries[$0]?.connection } }
        for connection in ready { connection?.socketIsReady() }
    }

    /// Ends every connection with an error; those that wait from now on fail at once.
    func stop() {
        let connections = state.withLock { state in
            state.isStopped = true
            return state.entries.values.map(\.connection)
        }
        for case let connection? in connections { connection.fail(HTTPFailure.shutDown(connection.address)) }
    }
}
