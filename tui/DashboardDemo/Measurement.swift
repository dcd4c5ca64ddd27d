// SPDX-License-Identifier: Apache-2.0

import DashboardTUI
import Glibc
import LogStore
import Synchronization
import TerminalGrid

/// Measures layout and diff while another thread floods the log, and what a line costs in memory.
enum Measurement {
    private static let frames = 600

    static func run(_ options: DemoOptions) throws {
        let store = LogStore()
        DemoContent.fill(store, flood: 200_000)
        print(
            "memory: \(perLine(store)) bytes a line, \(store.memoryInUse / 1024) KiB in use of \(store.budget / 1024)")
        search(store)
        for size in [
            GridSize(width: 80, height: 24), GridSize(width: 120, height: 40), GridSize(width: 200, height: 50),
        ] {
            measure(options, size, store)
        }
    }

    private static func perLine(_ store: LogStore) -> Int {
        store.memoryInUse / max(1, store.counts(.all).live)
    }

    private static func search(_ store: LogStore) {
        let clock = ContinuousClock()
        for text in ["page=36 ", "Page=36 ", "nothing of the kind"] {
            guard let pattern = LogPattern(text) else { continue }
            var search = LogSearch(pattern, in: .all)
            let time = clock.measure { while search.advance(in: store) {} }
            print("search \"\(text)\": \(search.count) of \(store.counts(.all).live) lines in \(milliseconds(time)) ms")
        }
    }

    private static func measure(_ options: DemoOptions, _ size: GridSize, _ store: LogStore) {
        let dashboard = Dashboard(DemoContent.snapshot(options, logs: store))
        let clock = ContinuousClock()
        let flood = Flood(store)
        flood.start()
        var times: [Duration] = []
        var cells = 0
        var front: Grid?
        for _ in 0..<frames {
            var runs: [GridRun] = []
            var grid = Grid(size)
            let time = clock.measure {
                grid = dashboard.render(size).grid
                runs = grid.diff(from: front)
            }
            cells += runs.reduce(0) { $0 + $1.cells.count }
            times.append(time)
            front = grid
            usleep(2_000)
        }
        let written = flood.stop()
        times.sort()
        let p50 = milliseconds(times[times.count / 2])
        let p99 = milliseconds(times[times.count * 99 / 100])
        let worst = milliseconds(times[times.count - 1])
        print(
            "\(size): layout and diff p50 \(p50) ms, p99 \(p99) ms, max \(worst) ms, \(cells / frames) cells a frame, \(written) lines/s"
        )
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = duration.components.attoseconds / 1_000_000_000_000 + duration.components.seconds * 1_000_000
        return "\(microseconds / 1000).\(String(microseconds % 1000 + 1000).dropFirst())"
    }

    /// A task that writes 100,000 lines a second, or as many as it can.
    private final class Flood: Sendable {
        private let store: LogStore
        private let isRunning = Atomic<Bool>(true)
        private let written = Atomic<Int>(0)
        private let began = ContinuousClock.now

        init(_ store: LogStore) { self.store = store }

        func start() {
            Task.detached {
                var number = 0
                while self.isRunning.load(ordering: .relaxed) {
                    for _ in 0..<1000 {
                        DemoContent.append(self.store, number)
                        number += 1
                    }
                    self.written.store(number, ordering: .relaxed)
                    try? await Task.sleep(for: .milliseconds(9))
                }
            }
        }

        func stop() -> Int {
            isRunning.store(false, ordering: .relaxed)
            let seconds = began.duration(to: .now).components
            let elapsed = Double(seconds.seconds) + Double(seconds.attoseconds) / 1e18
            return Int(Double(written.load(ordering: .relaxed)) / max(0.001, elapsed))
        }
    }
}
