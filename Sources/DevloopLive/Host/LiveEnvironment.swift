// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc
package import LoopEngine
import ProcessRunner

/// The real clock and environment.
package enum LiveEnvironment {
    static var variables: [String: String] { ProcessEnvironment.current }

    package static let clock = EngineClock(
        now: { .now },
        wall: { wall() },
        sleep: { try await Task.sleep(for: $0) })

    static func wall() -> WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
