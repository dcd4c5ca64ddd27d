// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// Samples of one quantity, and what is told of them.
struct Spread: Sendable {
    private(set) var sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var count: Int { sorted.count }
    var minimum: Double { sorted.first ?? 0 }
    var maximum: Double { sorted.last ?? 0 }
    var median: Double { percentile(50) }
    var p95: Double { percentile(95) }

    /// By the nearest rank, so that every figure is one that was measured.
    func percentile(_ percent: Int) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = (percent * sorted.count + 99) / 100
        return sorted[min(sorted.count, max(1, rank)) - 1]
    }

    var json: JSONValue {
        [
            "count": .int(count), "min": .double(minimum), "p50": .double(median), "p95": .double(p95),
            "max": .double(maximum), "samples": .array(sorted.map { .double($0) }),
        ]
    }
}
