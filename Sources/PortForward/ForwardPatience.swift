// SPDX-License-Identifier: Apache-2.0

/// How long a forwarded connection waits for what.
package struct ForwardPatience: Sendable {
    /// For a Pod that takes the connection, all tries together: one that is being replaced or restarted is waited for.
    package var dial: Duration
    /// Between two tries.
    package var pause: Duration
    /// When the client has ended its side and its last bytes are not answered: how long the far side may stay silent. A
    /// forwarded port cannot pass on that the client has ended.
    package var answer: Duration
    /// As ``answer``, when the far side has answered: an idle connection that the client has left.
    package var idle: Duration

    package init(
        dial: Duration = .seconds(3), pause: Duration = .milliseconds(100), answer: Duration = .seconds(30),
        idle: Duration = .seconds(2)
    ) {
        self.dial = dial
        self.pause = pause
        self.answer = answer
        self.idle = idle
    }
}
