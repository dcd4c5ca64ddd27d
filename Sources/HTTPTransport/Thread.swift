// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc

/// A thread of the system for code that sleeps in `poll`: the pool of Swift's tasks must not be blocked.
package enum Thread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new detached thread.
    /// - Throws: `DevloopError` with code process when the system has no thread to give.
    package static func detach(_ body: @escaping @Sendable () -> Void) throws {
        var thread: pthread_t = 0
        let context = Unmanaged.passRetained(Body(body))
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw DevloopError(.process, "cannot start a thread: \(String(cString: strerror(code)))")
        }
        pthread_detach(thread)
    }
}
