// SPDX-License-Identifier: Apache-2.0

import CDevloop
import DevloopCore
import Glibc
import Synchronization

/// One running child and the thread that owns it.
///
/// The thread starts the child, moves its bytes, and collects it; it lives until the child and, after a termination,
/// everything in the child's session is gone. It has to be one thread throughout, because the parent-death signal is
/// bound to the thread that started the child, and threads of the concurrency runtime come and go.
final class ChildProcess: Sendable {
    struct State {
        /// Bytes on their way to standard input.
        var input: [[UInt8]] = []
        /// How much of the first chunk is written.
        var inputOffset = 0
        var queuedBytes = 0
        var isInputClosing = false
        /// Standard input is closed, by us or because the child no longer reads it.
        var isInputClosed = false
        var senders: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextSender: UInt64 = 0
        /// 0 before it is started.
        var pid: pid_t = 0
        var isTerminating = false
        var isReadingPaused = false
        var status: ProcessStatus?
        var waiters: [CheckedContinuation<ProcessStatus, Never>] = []
    }

    typealias Handler = @Sendable (ProcessStream, [UInt8]) -> Void

    /// A sender waits while more than this waits to be written.
    static let inputLimit = 256 * 1024

    let command: ProcessCommand
    let state = Mutex(State())
    let onOutput: Handler
    /// Wakes the thread when ``state`` has changed.
    private let wake: CInt

    private init(_ command: ProcessCommand, onOutput: @escaping Handler) throws {
        self.command = command
        self.onOutput = onOutput
        wake = dl_wake_open()
        guard wake >= 0 else {
            throw DevloopError(
                .process, "cannot run '\(command.program)': \(String(cString: strerror(errno)))",
                hint: "the limit of open files is reached; raise it with ulimit -n")
        }
    }

    deinit { close(wake) }

    /// Starts the child. `onOutput` is called on the child's thread, in order, and holds up the child while it works.
    /// - Parameter prepare: is given the child before it runs, and so before any output.
    static func start(
        _ command: ProcessCommand, prepare: (ChildProcess) -> Void = { _ in }, onOutput: @escaping Handler
    ) async throws -> ChildProcess {
        let variables = command.variables
        let path = try ProgramSearch.resolve(command.program, path: variables["PATH"])
        let child = try ChildProcess(command, onOutput: onOutput)
        prepare(child)
        try await withCheckedThrowingContinuation { (started: CheckedContinuation<Void, any Error>) in
            let result = startThread(named: "child") {
                do {
                    let pump = try ChildPump(child, path: path, variables: variables, wake: child.wake)
                    child.state.withLock { $0.pid = pump.pid }
                    started.resume()
                    child.finish(pump.run())
                } catch {
                    started.resume(throwing: error)
                }
            }
            if result != 0 {
                started.resume(
                    throwing: DevloopError(
                        .process, "cannot run '\(command.program)': \(String(cString: strerror(result)))"))
            }
        }
        return child
    }

    /// Asks the child to end, kills it when its grace is over; ``wait()`` tells when it is gone. Safe to call twice.
    func terminate() { change { $0.isTerminating = true } }

    /// Waits until the child has ended and been collected.
    func wait() async -> ProcessStatus {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// Queues bytes for standard input and suspends while too many wait. False when the child no longer takes any.
    func send(_ bytes: [UInt8]) async -> Bool {
        guard !bytes.isEmpty else { return !state.withLock { $0.isInputClosed || $0.isInputClosing } }
        let isOpen = state.withLock { state in
            guard !state.isInputClosed, !state.isInputClosing else { return false }
            state.input.append(bytes)
            state.queuedBytes += bytes.count
            return true
        }
        guard isOpen else { return false }
        dl_wake(wake)
        let id = state.withLock { state in
            state.nextSender += 1
            return state.nextSender
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    let isFull = state.queuedBytes > Self.inputLimit && !state.isInputClosed
                    guard isFull, !Task.isCancelled else { return true }
                    state.senders[id] = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.senders.removeValue(forKey: id) }?.resume()
        }
        return !state.withLock { $0.isInputClosed }
    }

    /// Closes standard input after what is queued.
    func closeInput() { change { $0.isInputClosing = true } }

    /// Stops or goes on taking the child's output; while stopped the child waits once its pipe is full.
    func setReadingPaused(_ isPaused: Bool) { change { $0.isReadingPaused = isPaused } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        dl_wake(wake)
    }

    private func finish(_ status: ProcessStatus) {
        let (waiters, senders) = state.withLock { state in
            defer {
                state.waiters = []
                state.senders = [:]
            }
            state.status = status
            state.isInputClosed = true
            return (state.waiters, state.senders)
        }
        for waiter in waiters { waiter.resume(returning: status) }
        for sender in senders.values { sender.resume() }
    }
}

/// Runs a closure on a new thread that takes no signals. Returns 0 or an errno.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> CInt {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = Unmanaged.passRetained(Box(body))
    let result = dl_thread_start(
        name,
        { context in
            guard let context else { return }
            Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
        }, box.toOpaque())
    if result != 0 { box.release() }
    return result
}
