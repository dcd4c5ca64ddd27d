// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Synchronization

/// Runs other programs.
///
/// Every child leads a session of its own: Ctrl-C in the terminal does not reach it, it has no terminal to ask on, and
/// it can be ended together with everything that it has started. Cancelling the task that waits for a child sends the
/// child's soft signal to that whole session, SIGKILL after its grace, and returns only when all of it is gone. Children
/// of a devloop that was itself killed are ended by the guardian (see `Guardian`).
package enum ProcessRunner {
    /// Runs a program to its end and collects what it writes.
    /// - Parameter outputLimit: bytes of stdout and stderr together; a child that writes more is ended.
    /// - Returns: whatever the exit status; a failed program is no error here.
    /// - Throws: ``DevloopError`` with code `process` when it cannot be started or writes too much, `CancellationError`.
    package static func run(
        _ command: ProcessCommand, outputLimit: Int = 64 * 1024 * 1024
    ) async throws -> ProcessResult {
        let collected = Mutex(CollectedOutput(limit: outputLimit))
        // A task of its own, so that too much output can end the child without cancelling the caller.
        let status = try await stream(command, until: { collected.withLock(\.isOverLimit) }) { stream, bytes in
            collected.withLock { $0.add(stream, bytes) }
        }
        return try collected.withLock { collected in
            guard !collected.isOverLimit else {
                throw DevloopError(
                    .process, "'\(command.program)' wrote more than \(outputLimit) bytes",
                    hint: "send the output to a file instead")
            }
            return ProcessResult(status: status, stdout: collected.stdout, stderr: collected.stderr)
        }
    }

    /// Runs a program to its end and hands on what it writes as it comes.
    /// - Parameters:
    ///   - onStart: is given the process id once it runs; the child leads a process group of this number.
    ///   - onOutput: called on one thread, in the order of each stream; the child waits while it works.
    /// - Throws: ``DevloopError`` with code `process` when it cannot be started, `CancellationError`.
    package static func stream(
        _ command: ProcessCommand, onStart: @escaping @Sendable (Int32) async -> Void = { _ in },
        onOutput: @escaping @Sendable (ProcessStream, [UInt8]) -> Void
    ) async throws -> ProcessStatus {
        try await stream(command, until: { false }, onStart: onStart, onOutput: onOutput)
    }

    /// Starts a program that is talked to over its standard input and output.
    /// - Parameter onError: what it writes to standard error; called on one thread.
    /// - Throws: ``DevloopError`` with code `process` when it cannot be started.
    package static func open(
        _ command: ProcessCommand, onError: @escaping @Sendable ([UInt8]) -> Void
    ) async throws -> ProcessChannel {
        try await ProcessChannel(command, onError: onError)
    }

    private static func stream(
        _ command: ProcessCommand, until isEnough: @escaping @Sendable () -> Bool,
        onStart: @escaping @Sendable (Int32) async -> Void = { _ in },
        onOutput: @escaping @Sendable (ProcessStream, [UInt8]) -> Void
    ) async throws -> ProcessStatus {
        try Task.checkCancellation()
        let owner = ChildReference()
        let child = try await ChildProcess.start(command) { stream, bytes in
            onOutput(stream, bytes)
            if isEnough() { owner.terminate() }
        }
        owner.set(child)
        await onStart(child.state.withLock(\.pid))
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await feed(child, command.stdin) }
                let status: ProcessStatus
                do {
                    // The feeder ends before the child (all is written) or after it (a stream that goes on).
                    group.addTask { _ = await child.wait() }
                    try await group.next()
                    status = await child.wait()
                } catch {
                    child.terminate()
                    _ = await child.wait()
                    throw error
                }
                group.cancelAll()
                try Task.checkCancellation()
                return status
            }
        } onCancel: {
            child.terminate()
        }
    }

    private static func feed(_ child: ChildProcess, _ input: ProcessCommand.Input) async throws {
        switch input {
        case .none: return
        case .bytes(let bytes): _ = await child.send(bytes)
        case .stream(let chunks):
            for try await chunk in chunks {
                guard await child.send(chunk) else { break }
            }
        }
        child.closeInput()
    }
}

/// Lets the output handler of a child reach the child, which exists only after the handler.
private final class ChildReference: Sendable {
    private struct State {
        // Weak, as the child owns the handler that owns this.
        weak var child: ChildProcess?
        var isTerminated = false
    }
    private let state = Mutex(State())

    func set(_ child: ChildProcess) {
        let isTerminated = state.withLock { state in
            state.child = child
            return state.isTerminated
        }
        if isTerminated { child.terminate() }
    }

    func terminate() {
        let child = state.withLock { state in
            state.isTerminated = true
            return state.child
        }
        child?.terminate()
    }
}

/// The output of a child up to a limit.
private struct CollectedOutput {
    let limit: Int
    var stdout: [UInt8] = []
    var stderr: [UInt8] = []
    var isOverLimit = false

    init(limit: Int) { self.limit = limit }

    mutating func add(_ stream: ProcessStream, _ bytes: [UInt8]) {
        guard stdout.count + stderr.count + bytes.count <= limit else {
            isOverLimit = true
            return
        }
        switch stream {
        case .stdout: stdout += bytes
        case .stderr: stderr += bytes
        }
    }
}
