// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread of the system for a server's script, which may block.
enum TestThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ body: @escaping @Sendable () -> Void) throws {
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
            throw TestFileError(path: "thread", errno: code)
        }
        pthread_detach(thread)
    }
}
