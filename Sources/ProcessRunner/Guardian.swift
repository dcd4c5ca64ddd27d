// SPDX-License-Identifier: Apache-2.0

import CDevloop
import Glibc
import Synchronization

/// The companion process that ends all children when devloop has been killed.
///
/// The kernel's parent-death signal reaches only the direct child, not the compilers or servers below it. There is one
/// guardian for the whole process because there is one death of the process; it starts with the first child.
enum Guardian {
    private static let socket = Mutex<CInt>(-1)

    /// Notes that a session has begun or ended. Without a guardian (no memory, no processes left) children are guarded by
    /// the parent-death signal alone.
    static func note(_ session: pid_t, begun: Bool) {
        socket.withLock { socket in
            for _ in 0..<2 {
                if socket >= 0, dl_guardian_note(socket, session, begun ? 1 : 0) == 0 { return }
                if socket >= 0 { close(socket) }
                // Somebody has ended the guardian; a new one starts with what is noted from now on.
                var pid: pid_t = 0
                socket = dl_guardian_start(&pid)
                guard socket >= 0 else { return }
            }
        }
    }
}
