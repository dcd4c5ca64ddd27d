// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A TCP proxy on loopback in front of a real server, that fails as a test tells it. Bytes pass unread, TLS included.
package final class FaultProxy: Sendable {
    /// What becomes of a connection. Numbers of bytes count what the server sends.
    package enum Fault: Sendable {
        case none
        /// Reset as soon as it is made.
        case refuse
        /// Ended after so many bytes, by a reset or in order.
        case cut(after: Int, reset: Bool)
        /// After so many bytes the server's side ends in order; what the client sends is still taken.
        case halfClose(after: Int)
        /// After so many bytes nothing passes any more in either direction, and nothing ends: a server that hangs.
        case hang(after: Int)
        /// Each piece of the server waits so long, and is of at most so many bytes.
        case slow(milliseconds: Int, piece: Int)
        /// Answers the first request with these bytes in the server's place, and ends.
        case answer(String)
    }

    package let port: Int
    private let target: Int
    private let plan: @Sendable (Int) -> Fault
    private let state = Mutex(State())

    private struct State {
        var listener: Int32 = -1
        var accepted = 0
        var passed = 0
        var open: [Int: Pair] = [:]
    }

    private struct Pair {
        let client: Int32
        let server: Int32
    }

    /// - Parameters:
    ///   - target: Port of the real server on 127.0.0.1.
    ///   - plan: Tells the fate of each connection by its number, counted from 0.
    package init(to target: Int, _ plan: @escaping @Sendable (Int) -> Fault = { _ in .none }) throws {
        self.target = target
        self.plan = plan
        let (listener, port) = try LoopbackSocket.listen()
        self.port = port
        try serve(listener)
    }

    /// Connections accepted so far.
    package var connections: Int { state.withLock { $0.accepted } }
    /// Connections that are open.
    package var openConnections: Int { state.withLock { $0.open.count } }
    /// Bytes of the server that were passed on.
    package var passedBytes: Int { state.withLock { $0.passed } }

    /// Resets all connections.
    package func cutAll() {
        state.withLock { state in
            for pair in state.open.values {
                LoopbackSocket.abort(pair.client)
                LoopbackSocket.abort(pair.server)
            }
        }
    }

    /// Refuses new connections, as a server that is down does; ``start()`` ends that.
    package func stop() {
        let listener = state.withLock { state in
            defer { state.listener = -1 }
            return state.listener
        }
        guard listener >= 0 else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Listens again on the same port.
    package func start() throws { try serve(try LoopbackSocket.listen(port: port).descriptor) }

    private func serve(_ listener: Int32) throws {
        state.withLock { $0.listener = listener }
        try TestThread.start { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                let number = state.withLock { state in
                    defer { state.accepted += 1 }
                    return state.accepted
                }
                let fault = plan(number)
                try? TestThread.start { [self] in handle(client, number, fault) }
            }
        }
    }

    private func handle(_ client: Int32, _ number: Int, _ fault: Fault) {
        switch fault {
        case .refuse:
            LoopbackSocket.abort(client)
            close(client)
        case .answer(let text):
            var buffer = [UInt8](repeating: 0, count: 65_536)
            if recv(client, &buffer, buffer.count, 0) > 0 { LoopbackSocket.write(client, Array(text.utf8)[...]) }
            shutdown(client, Int32(SHUT_WR))
            while recv(client, &buffer, buffer.count, 0) > 0 {}
            close(client)
        default: relay(client, number, fault)
        }
    }

    private func relay(_ client: Int32, _ number: Int, _ fault: Fault) {
        guard let server = LoopbackSocket.connect(target) else {
            LoopbackSocket.abort(client)
            close(client)
            return
        }
        state.withLock { $0.open[number] = Pair(client: client, server: server) }
        let hangs = Mutex(false)
        let ended = Mutex(0)
        // Whoever ends last closes both.
        @Sendable func end() {
            let isLast = ended.withLock { ended in
                ended += 1
                return ended == 2
            }
            guard isLast else { return }
            state.withLock { _ = $0.open.removeValue(forKey: number) }
            close(client)
            close(server)
        }
        try? TestThread.start {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(client, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                if hangs.withLock({ $0 }) { continue }
                guard LoopbackSocket.write(server, buffer[..<count]) else { break }
            }
            shutdown(server, Int32(SHUT_WR))
            end()
        }
        pass(from: server, to: client, fault) { hangs.withLock { $0 = true } }
        end()
    }

    private func pass(from server: Int32, to client: Int32, _ fault: Fault, hang: () -> Void) {
        var size = 65_536
        if case .slow(_, let piece) = fault { size = piece }
        var buffer = [UInt8](repeating: 0, count: size)
        var total = 0
        while true {
            var count = recv(server, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            if case .slow(let milliseconds, _) = fault { usleep(UInt32(milliseconds) * 1_000) }
            let limit: Int? =
                switch fault {
                case .cut(let after, _), .halfClose(let after), .hang(let after): after
                default: nil
                }
            if let limit { count = min(count, limit - total) }
            if count > 0, !LoopbackSocket.write(client, buffer[..<count]) { break }
            total += max(count, 0)
            state.withLock { $0.passed += max(count, 0) }
            guard let limit, total >= limit else { continue }
            switch fault {
            case .cut(_, reset: true):
                LoopbackSocket.abort(client)
                LoopbackSocket.abort(server)
                return
            case .cut:
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
                return
            case .halfClose:
                shutdown(client, Int32(SHUT_WR))
                while recv(server, &buffer, buffer.count, 0) > 0 {}
                return
            default:
                hang()
                while recv(server, &buffer, buffer.count, 0) > 0 {}
                return
            }
        }
        shutdown(client, Int32(SHUT_WR))
    }
}
