// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Synchronization

/// Time that passes only when a test says so.
final class ManualClock: Sendable {
    private struct Sleeper {
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = ContinuousClock.now
        var elapsed = Duration.zero
        var last = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    var now: ContinuousClock.Instant { state.withLock(\.now) }

    /// How many tasks wait for time to pass.
    var sleepers: Int { state.withLock { $0.sleepers.count } }

    /// Durations until each sleeper wakes, shortest first.
    var waits: [Duration] {
        state.withLock { state in state.sleepers.values.map { $0.deadline - state.now }.sorted() }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now + duration
            state.elapsed += duration
            let ids = state.sleepers.filter { $0.value.deadline <= state.now }.map(\.key)
            return ids.compactMap { state.sleepers.removeValue(forKey: $0)?.continuation }
        }
        for continuation in due { continuation.resume() }
    }

    func sleep(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = Sleeper(deadline: state.now + duration, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let found = state.sleepers.removeValue(forKey: id)?.continuation
                if found == nil { state.cancelled.insert(id) }
                return found
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    /// The wall clock starts at 2026-01-01T00:00:00Z.
    var engine: EngineClock {
        EngineClock(
            now: { self.now },
            wall: {
                WallTime(milliseconds: 1_767_225_600_000 + Int64(self.state.withLock(\.elapsed).milliseconds))
            },
            sleep: { try await self.sleep($0) })
    }
}
