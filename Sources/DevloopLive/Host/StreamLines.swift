// SPDX-License-Identifier: Apache-2.0

import ProcessRunner
import Synchronization

/// Cuts what a program writes into lines, each stream by itself.
final class StreamLines: Sendable {
    private let splitters = Mutex((LineSplitter(), LineSplitter()))

    func add(_ stream: ProcessStream, _ bytes: [UInt8]) -> [[UInt8]] {
        splitters.withLock { stream == .stdout ? $0.0.add(bytes) : $0.1.add(bytes) }
    }

    func finish() -> [[UInt8]] { splitters.withLock { [$0.0.finish(), $0.1.finish()].compactMap { $0 } } }
}
