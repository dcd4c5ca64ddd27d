// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// When a failed request is sent again, and after how long.
package struct RetryRule: Sendable {
    /// Requests in all, the first included.
    package var attempts: Int
    /// Before the second one; doubles with each further one.
    package var firstDelay: Duration
    /// No wait is longer, but for what the registry itself asks for.
    package var longestDelay: Duration
    /// A registry that wants more patience is an error at once.
    package var longestWish: Duration

    package init(
        attempts: Int = 6, firstDelay: Duration = .milliseconds(200), longestDelay: Duration = .seconds(10),
        longestWish: Duration = .seconds(60)
    ) {
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.longestWish = longestWish
    }

    /// Statuses that may be others in a moment (RFC 6585 §4, RFC 9110 §15.6).
    static func isTransient(_ status: Int) -> Bool { status == 429 || [500, 502, 503, 504].contains(status) }

    /// Whether a failure below HTTP may be gone in a moment.
    static func isTransient(_ error: any Error) -> Bool {
        guard let failure = (error as? DevloopError)?.cause as? HTTPFailure else { return false }
        switch failure.kind {
        case .connect, .timeout, .interrupted: return true
        case .tls, .malformed, .shutDown, .invalid: return false
        }
    }

    /// - Parameters:
    ///   - attempt: how many requests have failed, at least one.
    ///   - wish: what `Retry-After` said.
    ///   - jitter: 0 to 1; spreads clients that failed together.
    /// - Returns: nil to give up.
    package func delay(after attempt: Int, wish: Duration?, jitter: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        if let wish { return wish <= longestWish ? wish : nil }
        let grown = min(longestDelay, firstDelay * (1 << min(attempt - 1, 16)))
        return grown / 2 + grown / 2 * min(1, max(0, jitter))
    }

    /// Seconds of `Retry-After`; its other form, a date, is not used by registries.
    static func wish(_ headers: HTTPHeaders) -> Duration? {
        headers["Retry-After"].flatMap { Int($0) }.map { .seconds(max(0, $0)) }
    }
}
