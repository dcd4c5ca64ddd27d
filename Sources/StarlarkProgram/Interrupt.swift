// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Ctrl-C while a program runs.
enum Interrupt {
    private static let flag = Atomic(false)

    /// Whether the signal came since the last `reset`.
    static var happened: Bool { flag.load(ordering: .relaxed) }

    static func reset() {
        flag.store(false, ordering: .relaxed)
    }

    /// From now on the signal sets the flag instead of ending the process.
    static func catchSignal() {
        // The flag exists before the handler can touch it.
        reset()
        signal(SIGINT) { _ in Interrupt.flag.store(true, ordering: .relaxed) }
    }
}
