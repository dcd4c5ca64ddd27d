// SPDX-License-Identifier: Apache-2.0

/// Decides which lines of a reopened log were delivered before.
///
/// The API reopens a log at a whole second and sends all lines of that second again. So the lines delivered since that
/// second are remembered, by time and text, and each is left out once. Lines of standard output and standard error may
/// carry stamps a little out of order; comparing stamps alone would lose or repeat them.
package struct LogResume: Sendable {
    /// Beyond that many lines in one second only stamps are compared.
    private static let maximumRemembered = 1 << 18

    /// Newest second seen.
    private var second: Int?
    /// Newest stamp seen.
    private var newest: LogTimestamp?
    /// Oldest stamp ever delivered: what is older was not asked for.
    private var oldest: LogTimestamp?
    /// Lines delivered since the beginning of `second`.
    private var delivered: [Int: Int] = [:]
    private var rememberedCount = 0
    /// Those that may still come again after a reopening.
    private var expected: [Int: Int] = [:]
    private var isResuming = false

    package init() {}

    /// Where to reopen; nil when nothing was delivered.
    package var reopenAt: LogTimestamp? { second.map { LogTimestamp(seconds: $0) } }

    /// The log was reopened at ``reopenAt``.
    package mutating func reopen() {
        isResuming = true
        expected = delivered
    }

    /// - Returns: False for a line that was delivered before.
    package mutating func accept(_ line: LogLine) -> Bool {
        guard let time = line.time else { return true }
        let key = Self.key(line)
        if isResuming, let second, time.seconds <= second {
            // Older than what was asked for: a server that does not know `sinceTime`.
            guard time.seconds == second else { return false }
            if rememberedCount > Self.maximumRemembered {
                if let newest, time <= newest { return false }
            } else if let count = expected[key], count > 0 {
                expected[key] = count - 1
                return false
            } else if let oldest, time < oldest {
                return false
            }
        }
        note(time, key)
        return true
    }

    private mutating func note(_ time: LogTimestamp, _ key: Int) {
        oldest = min(oldest ?? time, time)
        newest = max(newest ?? time, time)
        if let second, time.seconds <= second {
            // A straggler of an earlier second will not be sent again.
            guard time.seconds == second else { return }
        } else {
            second = time.seconds
            delivered = [:]
            rememberedCount = 0
            expected = [:]
            isResuming = false
        }
        rememberedCount += 1
        if rememberedCount <= Self.maximumRemembered { delivered[key, default: 0] += 1 }
    }

    private static func key(_ line: LogLine) -> Int {
        var hasher = Hasher()
        hasher.combine(line.time)
        line.text.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
