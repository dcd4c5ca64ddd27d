// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import LoopEngine
import Synchronization

/// What containers of this machine write, by the id of each run.
final class LocalLogs: Sendable {
    /// Lines that are kept of a run for the words of a failure.
    private static let kept = 150
    /// Lines that wait for a reader.
    private static let limit = 10_000

    private struct Run {
        var waiting: [LoopEngine.LogLine] = []
        var last: [LoopEngine.LogLine] = []
        var isOver = false
        var reader: AsyncStream<LoopEngine.LogLine>.Continuation?
    }

    /// Runs that are remembered.
    private static let remembered = 200

    private let runs = Mutex<[String: Run]>([:])
    private let order = Mutex<[String]>([])

    func begin(_ run: String) {
        let oldest = order.withLock { order -> String? in
            order.append(run)
            return order.count > Self.remembered ? order.removeFirst() : nil
        }
        runs.withLock { runs in
            runs[run] = Run()
            if let oldest, runs[oldest]?.isOver == true { runs[oldest] = nil }
        }
    }

    func add(_ bytes: [UInt8], to id: String, at time: WallTime) {
        let line = LoopEngine.LogLine(time: time, bytes: bytes)
        runs.withLock { runs in
            guard var run = runs.removeValue(forKey: id) else { return }
            run.last.append(line)
            if run.last.count > 2 * Self.kept { run.last.removeFirst(Self.kept) }
            if let reader = run.reader {
                reader.yield(line)
            } else if run.waiting.count < Self.limit {
                run.waiting.append(line)
            }
            runs[id] = run
        }
    }

    func end(_ id: String) {
        let reader = runs.withLock { runs in
            runs[id]?.isOver = true
            return runs[id]?.reader
        }
        reader?.finish()
    }

    /// The lines of a run from its start to its end; for one reader.
    func lines(of id: String) -> AsyncStream<LoopEngine.LogLine> {
        let (stream, continuation) = AsyncStream.makeStream(of: LoopEngine.LogLine.self)
        runs.withLock { runs in
            guard var run = runs.removeValue(forKey: id) else { return continuation.finish() }
            for line in run.waiting { continuation.yield(line) }
            run.waiting = []
            if run.isOver { continuation.finish() } else { run.reader = continuation }
            runs[id] = run
        }
        return stream
    }

    func last(_ count: Int, of id: String) -> [String] {
        runs.withLock { $0[id]?.last.suffix(count).map { String(decoding: $0.bytes, as: UTF8.self) } ?? [] }
    }
}
