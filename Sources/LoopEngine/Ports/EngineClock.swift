// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// Time as the engine sees it; tests put their own in.
package struct EngineClock: Sendable {
    /// For durations; never jumps.
    package var now: @Sendable () -> ContinuousClock.Instant
    /// For people.
    package var wall: @Sendable () -> WallTime
    /// Ends early, with `CancellationError`, when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        wall: @escaping @Sendable () -> WallTime,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.wall = wall
        self.sleep = sleep
    }
}

extension Duration {
    /// Whole milliseconds, rounded to the nearest, for events.
    package var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 500_000_000_000_000) / 1_000_000_000_000_000)
    }
}
