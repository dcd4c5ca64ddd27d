// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The counters that the screen's thread raises and others read.
final class ScreenCounters: Sendable {
    let wakeUps = Atomic<Int>(0)
    let frames = Atomic<Int>(0)
    let cells = Atomic<Int>(0)

    var values: ScreenStatistics {
        ScreenStatistics(
            wakeUps: wakeUps.load(ordering: .relaxed), frames: frames.load(ordering: .relaxed),
            cells: cells.load(ordering: .relaxed))
    }
}

/// How the thread tells the one who opened the screen whether it could be opened.
final class OpenResult: Sendable {
    private enum State: Sendable {
        case waiting
        case done((any Error)?)
    }

    private let state = Mutex(State.waiting)
    /// Wakes the waiter; the C library's semaphore must not move, hence the allocation.
    private let semaphore: SendableSemaphore = SendableSemaphore()

    func set(_ error: (any Error)?) {
        state.withLock { $0 = .done(error) }
        semaphore.signal()
    }

    func wait() -> (any Error)? {
        semaphore.wait()
        return state.withLock { state in
            if case .done(let error) = state { error } else { nil }
        }
    }
}

/// A POSIX semaphore at a fixed address.
/// - Note: unchecked because a pointer is not Sendable; `sem_post` and `sem_wait` may be called from any thread.
final class SendableSemaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        semaphore.initialize(to: sem_t())
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0, errno == EINTR {}
    }
}
