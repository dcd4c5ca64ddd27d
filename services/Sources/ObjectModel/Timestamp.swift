// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An instant: whole seconds since 1970-01-01T00:00:00Z, plus nanoseconds.
/// Two fields, because the years 1 to 9999 do not fit in 64 bits of nanoseconds.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Seconds since 1970, negative before.
    package var seconds: Int64
    /// Nanoseconds within the second, 0 to 999,999,999.
    package var nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Go's zero time, the first instant of the year 1: what stands for "no time" in its messages.
    package static let zero = Timestamp(seconds: -62_135_596_800)

    /// The present, by the system's wall clock.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
