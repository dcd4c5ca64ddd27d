// SPDX-License-Identifier: Apache-2.0

/// Pauses that double up to a limit, each shortened by up to a half at random, so that clients do not march in step.
package struct Backoff: Sendable {
    package let first: Duration
    package let limit: Duration
    private var current: Duration

    package init(first: Duration = .milliseconds(250), limit: Duration = .seconds(10)) {
        self.first = first
        self.limit = limit
        current = first
    }

    /// The next pause.
    /// - Parameter random: 0 to 1.
    package mutating func next(random: Double = .random(in: 0...1)) -> Duration {
        defer { current = min(current * 2, limit) }
        return current * (1 - random / 2)
    }

    /// The next pause, not shorter than what a server asked for.
    package mutating func next(atLeast least: Duration?) -> Duration {
        let pause = next()
        return least.map { max($0, pause) } ?? pause
    }

    /// Starts over after a success.
    package mutating func reset() { current = first }
}
