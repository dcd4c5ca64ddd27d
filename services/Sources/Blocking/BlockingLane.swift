// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs calls that block, a fixed number at a time, on threads that nothing else waits for.
package final class BlockingLane: Sendable {
    private let queue: DispatchQueue
    private let gate: Gate

    /// - Parameters:
    ///   - label: the queue's name in a debugger.
    ///   - width: calls at the same time.
    package init(label: String, width: Int) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
        gate = Gate(width: width)
    }

    /// Runs `work`; what it throws is thrown. A cancelled caller gets no thread, but work that runs is run to its end.
    package func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await gate.pass {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Swift.Result { try work() }) }
            }
        }
    }
}
