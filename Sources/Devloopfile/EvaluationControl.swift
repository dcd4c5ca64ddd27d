// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// The bridge between the task that wants a plan and the thread that evaluates: cancelling, and waiting the other way.
final class EvaluationControl: Sendable {
    private struct State {
        var isCancelled = false
        /// What the thread waits for at the moment.
        var task: Task<Void, Never>?
    }
    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock(\.isCancelled) }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// Blocks the calling thread until the work is done; only for the evaluation's own thread.
    func wait<Result: Sendable>(for work: @escaping @Sendable () async throws -> Result) throws -> Result {
        let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let task = Task.detached {
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
            done.signal()
        }
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
        done.wait()
        state.withLock { $0.task = nil }
        guard let result = outcome.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}

/// Runs the evaluation on a thread of its own, because it blocks and because deeply nested source needs more stack than
/// threads of the concurrency runtime have.
enum EvaluationThread {
    /// Freeing a value recurses as deep as it nests; this is enough for 100,000 levels. It is address space, not memory,
    /// until it is touched.
    private static let stackSize = 256 << 20

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let work = Unmanaged.passRetained(Work { continuation.resume(returning: body()) })
            // On the heap, because the initializer of the struct belongs to whichever C module was imported first.
            let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
            defer { attributes.deallocate() }
            pthread_attr_init(attributes)
            pthread_attr_setstacksize(attributes, stackSize)
            pthread_attr_setdetachstate(attributes, CInt(PTHREAD_CREATE_DETACHED))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, attributes,
                { pointer in
                    guard let pointer else { return nil }
                    Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
                    return nil
                }, work.toOpaque())
            pthread_attr_destroy(attributes)
            // Without a thread of its own the evaluation still works for any ordinary spec.
            if status != 0 { work.takeRetainedValue().body() }
        }
    }
}
