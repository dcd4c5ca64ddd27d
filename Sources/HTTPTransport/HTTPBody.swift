// SPDX-License-Identifier: Apache-2.0

/// The body of a streamed answer, piece by piece; the peer is made to wait when nobody reads.
///
/// Dropping it ends the transfer. - Important: one reader.
package final class HTTPBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = any Error

    private let transfer: Transfer
    private let owner: LoopOwner

    init(_ transfer: Transfer, owner: LoopOwner) {
        self.transfer = transfer
        self.owner = owner
    }

    deinit { transfer.cancel() }

    /// The next piece, at least one byte; nil at the end.
    /// - Throws: `DevloopError` when the connection breaks, `CancellationError` when the task is cancelled, which ends the
    ///   transfer.
    package func next() async throws -> [UInt8]? { try await transfer.nextChunk() }

    /// Ends the transfer; a waiting reader gets a `CancellationError`.
    package func cancel() { transfer.cancel() }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let body: HTTPBody
        package mutating func next() async throws -> [UInt8]? { try await body.next() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
}
