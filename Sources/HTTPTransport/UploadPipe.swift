// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Synchronization

/// Bytes of an upload on their way from the task that reads them to the loop thread that sends them.
final class UploadPipe: Sendable {
    /// Bytes held before the reading task is made to wait.
    private static let highWater = 1 << 20

    /// What the loop's side finds.
    enum Piece: Equatable {
        /// So many bytes were copied; 0 is the end.
        case bytes(Int)
        /// Nothing is there yet; the loop is told when there is.
        case wait
        /// The content failed, or is not of the length that was said.
        case failed
    }

    /// What the reading task is told.
    fileprivate enum Signal { case goOn, startAnew, stop }

    fileprivate struct State {
        var chunks: [[UInt8]] = []
        /// Bytes of the first chunk that were sent.
        var offset = 0
        var buffered = 0
        /// Bytes that were read since the last start.
        var total = 0
        var isComplete = false
        var isClosed = false
        /// The loop waits for bytes.
        var isHungry = false
        /// Counts how often the content was started anew.
        var attempt = 0
        var failure: (any Error)?
        var writer: CheckedContinuation<Signal, Never>?
        var task: Task<Void, Never>?
    }

    private let upload: HTTPUpload
    private let address: String
    private let state = Mutex(State())

    init(_ upload: HTTPUpload, address: String) {
        self.upload = upload
        self.address = address
    }

    /// Why the content could not be sent; nil when that is not what went wrong.
    var failure: (any Error)? { state.withLock(\.failure) }

    // MARK: the loop's side

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Piece {
        let (piece, waiter): (Piece, CheckedContinuation<Signal, Never>?) = state.withLock { state in
            if state.failure != nil { return (.failed, nil) }
            guard let chunk = state.chunks.first else {
                if state.isComplete { return (.bytes(0), nil) }
                state.isHungry = true
                return (.wait, nil)
            }
            let count = min(buffer.count, chunk.count - state.offset)
            chunk[state.offset..<(state.offset + count)].withUnsafeBytes { buffer.copyMemory(from: $0) }
            state.offset += count
            state.buffered -= count
            if state.offset == chunk.count {
                state.chunks.removeFirst()
                state.offset = 0
            }
            guard state.buffered < Self.highWater, !state.isComplete else { return (.bytes(count), nil) }
            return (.bytes(count), state.takeWriter())
        }
        waiter?.resume(returning: .goOn)
        return piece
    }

    /// The request is sent again, from its first byte.
    func rewind() {
        let waiter = state.withLock { state in
            state.attempt += 1
            state.chunks = []
            state.offset = 0
            state.buffered = 0
            state.total = 0
            state.isComplete = false
            return state.takeWriter()
        }
        waiter?.resume(returning: .startAnew)
    }

    /// The exchange is over: nothing more is read.
    func close() {
        let (waiter, task) = state.withLock { state in
            state.isClosed = true
            state.chunks = []
            state.buffered = 0
            defer { state.task = nil }
            return (state.takeWriter(), state.task)
        }
        waiter?.resume(returning: .stop)
        task?.cancel()
    }

    // MARK: the reading side

    /// Starts the task that reads the content; ``close()`` ends it.
    /// - Parameter wake: tells the loop that bytes have come.
    func start(wake: @escaping @Sendable () -> Void) {
        let task = Task { await self.run(wake) }
        let isClosed = state.withLock { state in
            if !state.isClosed { state.task = task }
            return state.isClosed
        }
        if isClosed { task.cancel() }
    }

    private func run(_ wake: @Sendable () -> Void) async {
        while await readOnce(wake) == .startAnew {}
    }

    private func readOnce(_ wake: @Sendable () -> Void) async -> Signal {
        let attempt = state.withLock(\.attempt)
        do {
            for try await chunk in upload.content where !chunk.isEmpty {
                let signal = await put(chunk, attempt, wake)
                guard signal == .goOn else { return signal }
            }
        } catch {
            fail(error, attempt, wake)
            return await rest(attempt)
        }
        complete(attempt, wake)
        return await rest(attempt)
    }

    /// Hands one chunk over and waits while there is enough.
    private func put(_ chunk: [UInt8], _ attempt: Int, _ wake: @Sendable () -> Void) async -> Signal {
        let isHungry = state.withLock { state in
            guard state.attempt == attempt, !state.isClosed else { return false }
            state.total += chunk.count
            if let length = upload.length, state.total > length {
                state.failure = lengthFailure(length, "at least \(state.total)")
            }
            state.chunks.append(chunk)
            state.buffered += chunk.count
            return state.takeHunger()
        }
        if isHungry { wake() }
        return await wait { state in
            if state.isClosed { return .stop }
            if state.attempt != attempt { return .startAnew }
            return state.buffered < Self.highWater ? .goOn : nil
        }
    }

    private func complete(_ attempt: Int, _ wake: @Sendable () -> Void) {
        let isHungry = state.withLock { state in
            guard state.attempt == attempt else { return false }
            if let length = upload.length, state.total != length {
                state.failure = lengthFailure(length, "\(state.total)")
            }
            state.isComplete = true
            return state.takeHunger()
        }
        if isHungry { wake() }
    }

    private func fail(_ error: any Error, _ attempt: Int, _ wake: @Sendable () -> Void) {
        let isHungry = state.withLock { state in
            guard state.attempt == attempt, !state.isClosed else { return false }
            state.failure = error
            return state.takeHunger()
        }
        if isHungry { wake() }
    }

    /// All is read: only a new start or the end of the exchange is left.
    private func rest(_ attempt: Int) async -> Signal {
        await wait { state in
            if state.isClosed { return .stop }
            return state.attempt != attempt ? .startAnew : nil
        }
    }

    private func wait(_ decide: @Sendable (borrowing State) -> Signal?) async -> Signal {
        await withCheckedContinuation { continuation in
            let now: Signal? = state.withLock { state in
                if let signal = decide(state) { return signal }
                state.writer = continuation
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    private func lengthFailure(_ said: Int, _ found: String) -> DevloopError {
        DevloopError(
            .usage, "the body for \(address) has \(found) bytes where \(said) were announced",
            hint: "a file changed while it was sent; try again", cause: HTTPFailure(kind: .invalid))
    }
}

extension UploadPipe.State {
    mutating func takeWriter() -> CheckedContinuation<UploadPipe.Signal, Never>? {
        defer { writer = nil }
        return writer
    }

    mutating func takeHunger() -> Bool {
        defer { isHungry = false }
        return isHungry
    }
}
