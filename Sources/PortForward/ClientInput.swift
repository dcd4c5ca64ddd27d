// SPDX-License-Identifier: Apache-2.0

/// What a client has sent: handed on piece by piece, and kept until the far side has answered, so that it can be sent
/// once more when nobody was there to take it.
actor ClientInput {
    /// Bytes that are kept, and bytes that wait before the client is made to wait.
    private static let window = 64 << 10

    private var chunks: [[UInt8]] = []
    /// Chunks before this one were handed on.
    private var position = 0
    private var waitingBytes = 0
    private var handedBytes = 0
    private var isRepeatable = true
    private var isPaused = false
    private var isStopped = false
    private var consumer: CheckedContinuation<Void, Never>?
    private var producer: CheckedContinuation<Void, Never>?

    /// The client will send no more.
    private(set) var isEnded = false

    /// Takes what the client sent; waits while too much of it is not handed on.
    func put(_ bytes: [UInt8]) async {
        guard !isStopped else { return }
        chunks.append(bytes)
        waitingBytes += bytes.count
        wakeConsumer()
        while waitingBytes >= Self.window, !isStopped {
            await withCheckedContinuation { producer = $0 }
        }
    }

    /// The next piece; nil when there are no more, or after ``pause()``.
    func next() async -> [UInt8]? {
        while !isStopped, !isPaused {
            if position < chunks.count {
                let chunk = chunks[position]
                position += 1
                waitingBytes -= chunk.count
                handedBytes += chunk.count
                if handedBytes > Self.window { isRepeatable = false }
                if !isRepeatable { drop() }
                wakeProducer()
                return chunk
            }
            if isEnded { return nil }
            await withCheckedContinuation { consumer = $0 }
        }
        return nil
    }

    /// The far side has taken what was handed on: it must not be sent again.
    func commit() {
        guard isRepeatable else { return }
        isRepeatable = false
        drop()
    }

    /// Ends a waiting ``next()``: its connection is over.
    func pause() {
        isPaused = true
        wakeConsumer()
    }

    /// Begins again with the first piece.
    /// - Returns: False when some of it is not there any more.
    func restart() -> Bool {
        guard isRepeatable, !isStopped else { return false }
        isPaused = false
        position = 0
        waitingBytes += handedBytes
        handedBytes = 0
        return true
    }

    func end() {
        isEnded = true
        wakeConsumer()
    }

    /// Nothing is wanted any more.
    func stop() {
        isStopped = true
        chunks = []
        wakeConsumer()
        wakeProducer()
    }

    private func drop() {
        chunks.removeFirst(position)
        position = 0
    }

    private func wakeConsumer() {
        consumer?.resume()
        consumer = nil
    }

    private func wakeProducer() {
        producer?.resume()
        producer = nil
    }
}
