// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Glibc

/// A thread of its own, for a library that must be called from one thread and blocks.
struct PosixThread: Sendable {
    private let handle: pthread_t

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// - Throws: `DevloopError` when the system has no thread left.
    init(_ body: @escaping @Sendable () -> Void) throws {
        var handle = pthread_t()
        let start = Unmanaged.passRetained(Start(body))
        let code = pthread_create(
            &handle, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw DevloopError(.process, "cannot start the screen's thread: \(String(cString: strerror(code)))")
        }
        self.handle = handle
    }

    /// Waits for the end of the thread. - Important: once.
    func join() { pthread_join(handle, nil) }

    /// Whether the caller runs on this thread.
    var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }
}
