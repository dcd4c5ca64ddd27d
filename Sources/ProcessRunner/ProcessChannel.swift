// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Synchronization

/// A running program as a channel: what is sent is its standard input, what is received its standard output.
package final class ProcessChannel: ByteChannel {
    private let child: ChildProcess
    private let inbox: Inbox

    init(_ command: ProcessCommand, onError: @escaping @Sendable ([UInt8]) -> Void) async throws {
        var command = command
        // The pump opens a pipe for standard input unless there is none; what it carries comes from `send`.
        command.stdin = .bytes([])
        let inbox = Inbox()
        self.inbox = inbox
        // Connected before it runs: else all that it writes until then would be taken.
        child = try await ChildProcess.start(command, prepare: inbox.connect) { stream, bytes in
            switch stream {
            case .stdout: inbox.add(bytes)
            case .stderr: onError(bytes)
            }
        }
        let child = child
        // The one owner of this task is the child's thread: it ends when the child has ended, and it always does.
        Task.detached { inbox.finish(await child.wait()) }
    }

    /// The program's process id; it may belong to another one when the program has ended.
    package var pid: Int { child.state.withLock { Int($0.pid) } }

    deinit { child.terminate() }

    package func send(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        guard await child.send(bytes) else {
            throw DevloopError(.process, "'\(child.command.program)' no longer reads its input")
        }
        try Task.checkCancellation()
    }

    /// Closes the program's standard input after what was sent; its output can still be received.
    package func finishSending() { child.closeInput() }

    package func receive() async throws -> [UInt8]? { try await inbox.next() }

    /// Ends the program and everything it has started, and waits until it is gone.
    package func close() async {
        child.terminate()
        _ = await child.wait()
    }

    /// Waits until the program has ended by itself or by ``close()``.
    package func wait() async -> ProcessStatus { await child.wait() }
}

/// Output that was taken from the child and not yet received.
private final class Inbox: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var bytes = 0
        var status: ProcessStatus?
        var reader: CheckedContinuation<Void, Never>?
        var isPaused = false
        weak var child: ChildProcess?
    }
    private let state = Mutex(State())
    /// Above this the child's output is no longer taken, so that it waits.
    private static let limit = 1024 * 1024

    /// To be called before the child runs.
    func connect(_ child: ChildProcess) { state.withLock { $0.child = child } }

    func add(_ bytes: [UInt8]) {
        let (reader, full) = state.withLock { state in
            state.chunks.append(bytes)
            state.bytes += bytes.count
            defer { state.reader = nil }
            guard state.bytes > Self.limit, !state.isPaused else { return (state.reader, nil as ChildProcess?) }
            state.isPaused = true
            return (state.reader, state.child)
        }
        full?.setReadingPaused(true)
        reader?.resume()
    }

    func finish(_ status: ProcessStatus) {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            state.status = status
            return state.reader
        }
        reader?.resume()
    }

    func next() async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            let (chunk, hasEnded, drained) = state.withLock { state -> ([UInt8]?, Bool, ChildProcess?) in
                guard !state.chunks.isEmpty else { return (nil, state.status != nil, nil) }
                let chunk = state.chunks.removeFirst()
                state.bytes -= chunk.count
                guard state.isPaused, state.bytes <= Self.limit / 2 else { return (chunk, false, nil) }
                state.isPaused = false
                return (chunk, false, state.child)
            }
            drained?.setReadingPaused(false)
            if let chunk { return chunk }
            if hasEnded { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        guard state.chunks.isEmpty, state.status == nil, !Task.isCancelled else { return true }
                        state.reader = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: {
                let reader = state.withLock { state in
                    defer { state.reader = nil }
                    return state.reader
                }
                reader?.resume()
            }
        }
    }
}
