// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets a fixed number of callers in at a time; the others wait in order of arrival.
package final class Gate: Sendable {
    /// As many wait as may.
    package struct Full: Error, CustomStringConvertible {
        package init() {}

        package var description: String { "too many calls wait" }
    }

    private struct Waiter {
        var number: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var lastNumber = 0
    }

    private enum Entry {
        case open
        case waiting
        case refused(any Error)
    }

    private let state: Mutex<State>
    private let capacity: Int

    /// - Parameters:
    ///   - width: callers inside at the same time.
    ///   - capacity: callers that may wait; one more is refused at once.
    package init(width: Int, capacity: Int = 1_024) {
        state = Mutex(State(free: width))
        self.capacity = capacity
    }

    /// Callers who wait at the moment.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    /// Runs `body` when there is room. Throws `Full`, and `CancellationError` for a caller that is cancelled while it
    /// waits.
    package func pass<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch take(number, continuation) {
                case .open: continuation.resume()
                case .waiting: break
                case .refused(let error): continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            forget(number)?.resume(throwing: CancellationError())
        }
    }

    private func take(_ number: Int, _ continuation: CheckedContinuation<Void, any Error>) -> Entry {
        state.withLock { state in
            // A cancellation before this point found nobody to wake; one after it waits for the lock.
            if Task.isCancelled { return .refused(CancellationError()) }
            if state.free > 0 {
                state.free -= 1
                return .open
            }
            guard state.waiters.count < capacity else { return .refused(Full()) }
            state.waiters.append(Waiter(number: number, continuation: continuation))
            return .waiting
        }
    }

    private func forget(_ number: Int) -> CheckedContinuation<Void, any Error>? {
        state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters.remove(at: index).continuation
        }
    }

    private func leave() {
        let next = state.withLock { state in
            if state.waiters.isEmpty {
                state.free += 1
                return nil as Waiter?
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume()
    }
}
