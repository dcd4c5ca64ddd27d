// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import Synchronization

/// One exchange between the loop thread, which fills it, and one task, which reads it.
final class Transfer: Sendable {
    /// What the loop should do after a change; performed outside the lock.
    enum Wish { case nothing, resume, remove }

    fileprivate struct State {
        var reader = HTTPHeadReader()
        var head: HTTPResponseHead?
        /// The empty line after the last head was seen; libcurl does not mind when it is missing.
        var isHeadComplete = false
        var chunks: [[UInt8]] = []
        var nextChunk = 0
        var buffered = 0
        var isPaused = false
        /// nil while it runs; then nil inside for an orderly end.
        var outcome: Result<Void, any Error>?
        var headWaiter: CheckedContinuation<HTTPResponseHead, any Error>?
        var chunkWaiter: CheckedContinuation<[UInt8]?, any Error>?
    }

    let request: HTTPRequest
    /// Body bytes held before the peer is made to wait; nil never makes it wait (the body is collected whole).
    let highWater: Int?
    /// The body on its way out, when it is streamed.
    let upload: UploadPipe?
    private let loop: EventLoop
    private let state = Mutex(State())

    init(_ request: HTTPRequest, highWater: Int?, loop: EventLoop) {
        self.request = request
        upload = request.upload.map { UploadPipe($0, address: request.address) }
        self.highWater = highWater
        self.loop = loop
    }

    // MARK: the task's side

    /// Waits for status and header fields.
    func waitForHead() async throws -> HTTPResponseHead {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let now: Result<HTTPResponseHead, any Error>? = state.withLock { state in
                    if let head = state.head { return .success(head) }
                    if case .failure(let error) = state.outcome { return .failure(error) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.headWaiter = continuation
                    return nil
                }
                if let now { continuation.resume(with: now) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// The next piece of body; nil at its end.
    func nextChunk() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (now, wish): (Result<[UInt8]?, any Error>?, Wish) = state.withLock { state in
                    if state.nextChunk < state.chunks.count {
                        return (.success(state.takeChunk()), state.wish(highWater))
                    }
                    switch state.outcome {
                    case .success: return (.success(nil), .nothing)
                    case .failure(let error): return (.failure(error), .nothing)
                    case nil: break
                    }
                    if Task.isCancelled { return (.failure(CancellationError()), .nothing) }
                    guard state.chunkWaiter == nil else {
                        return (.failure(DevloopError(.protocolViolation, "two readers on one body")), .nothing)
                    }
                    state.chunkWaiter = continuation
                    return (nil, .nothing)
                }
                if wish == .resume { loop.post(.resume(self)) }
                if let now { continuation.resume(with: now) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Begins to read the body that is streamed, if there is one. Once, after the loop has been given the transfer.
    func startUpload() {
        // The loop ends every transfer that it was given, and with it the reading.
        upload?.start { self.loop.post(.resume(self)) }
    }

    /// Ends the exchange at once and drops what was not read.
    func cancel() {
        if finish(.failure(CancellationError()), dropBody: true) { loop.post(.remove(self)) }
    }

    // MARK: the loop's side

    /// A header line. Interim answers and redirects that will be followed are not the head.
    func takeHeader(_ line: some Collection<UInt8>) {
        let ready: (CheckedContinuation<HTTPResponseHead, any Error>, HTTPResponseHead)? = state.withLock { state in
            guard state.head == nil else { return nil }
            state.isHeadComplete = state.reader.take(line)
            guard state.isHeadComplete else { return nil }
            let head = state.reader.head
            let isRedirect = request.maximumRedirects > 0 && (300..<400).contains(head.status)
            guard head.status >= 200, !(isRedirect && head.headers["Location"] != nil) else { return nil }
            return state.deliverHead()
        }
        if let (waiter, head) = ready { waiter.resume(returning: head) }
    }

    /// A piece of body.
    /// - Returns: False when the buffer is full: libcurl keeps the piece and pauses.
    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (accepted, waiter): (Bool, CheckedContinuation<[UInt8]?, any Error>?) = state.withLock { state in
            guard state.outcome == nil else { return (true, nil) }
            if let waiter = state.chunkWaiter {
                state.chunkWaiter = nil
                return (true, waiter)
            }
            if let highWater, state.buffered >= highWater {
                state.isPaused = true
                return (false, nil)
            }
            state.chunks.append(Array(bytes))
            state.buffered += bytes.count
            return (true, nil)
        }
        waiter?.resume(returning: Array(bytes))
        return accepted
    }

    /// The exchange is over; everybody who waits is told.
    /// - Returns: False when it was over already.
    @discardableResult
    func finish(_ outcome: Result<Void, any Error>, dropBody: Bool = false) -> Bool {
        enum Waiters {
            case none
            case head(CheckedContinuation<HTTPResponseHead, any Error>, Result<HTTPResponseHead, any Error>)
            case chunk(CheckedContinuation<[UInt8]?, any Error>)
        }
        let (first, waiters, outcome): (Bool, Waiters, Result<Void, any Error>) = state.withLock { state in
            guard state.outcome == nil else { return (false, .none, outcome) }
            var outcome = outcome
            if case .success = outcome, !state.isHeadComplete {
                outcome = .failure(HTTPFailure.cutHead(request.address))
            }
            state.outcome = outcome
            if dropBody { state.dropChunks() }
            if let waiter = state.chunkWaiter {
                state.chunkWaiter = nil
                return (true, .chunk(waiter), outcome)
            }
            // A redirect that was not followed after all is the head then.
            if case .success = outcome, state.head == nil {
                if let (waiter, head) = state.deliverHead() { return (true, .head(waiter, .success(head)), outcome) }
            } else if case .failure(let error) = outcome, let waiter = state.headWaiter {
                state.headWaiter = nil
                return (true, .head(waiter, .failure(error)), outcome)
            }
            return (true, .none, outcome)
        }
        if first { upload?.close() }
        switch waiters {
        case .none: break
        case .head(let waiter, let result): waiter.resume(with: result)
        case .chunk(let waiter): waiter.resume(with: outcome.map { nil })
        }
        return first
    }
}

extension Transfer.State {
    mutating func takeChunk() -> [UInt8] {
        let chunk = chunks[nextChunk]
        nextChunk += 1
        buffered -= chunk.count
        if nextChunk == chunks.count { dropChunks() }
        return chunk
    }

    mutating func dropChunks() {
        chunks.removeAll()
        nextChunk = 0
        buffered = 0
    }

    /// Half-empty is when the peer may go on: not at every byte.
    mutating func wish(_ highWater: Int?) -> Transfer.Wish {
        guard isPaused, let highWater, buffered <= highWater / 2 else { return .nothing }
        isPaused = false
        return .resume
    }

    mutating func deliverHead() -> (CheckedContinuation<HTTPResponseHead, any Error>, HTTPResponseHead)? {
        head = reader.head
        defer { headWaiter = nil }
        return headWaiter.map { ($0, reader.head) }
    }
}
