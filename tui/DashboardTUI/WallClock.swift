// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Times of day without a calendar library.
package enum WallClock {
    /// `14:02:07`, or `14:02:07.113`; milliseconds since 1970 and seconds east of UTC.
    static func time(_ milliseconds: Int64, offset: Int, fraction: Bool = false) -> String {
        let local = milliseconds + Int64(offset) * 1000
        let ofDay = Int(((local % 86_400_000) + 86_400_000) % 86_400_000)
        let seconds = ofDay / 1000
        let text = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        guard fraction else { return text }
        let rest = ofDay % 1000
        return text + (rest < 10 ? ".00" : rest < 100 ? ".0" : ".") + String(rest)
    }

    /// Seconds east of UTC at a moment, by this machine's time zone.
    package static func utcOffset(at milliseconds: Int64) -> Int {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return parts.tm_gmtoff
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}

extension Int {
    /// `12,480`.
    var grouped: String {
        var digits = Array(String(magnitude))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(",", at: index)
            index -= 3
        }
        return (self < 0 ? "-" : "") + String(digits)
    }
}
