// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// The stages of several saves.
struct Profile: Sendable {
    private var order: [String] = []
    private var values: [String: [Double]] = [:]

    /// - Parameter event: a `save.served`.
    mutating func add(_ event: JSONValue?) {
        guard let event, let stages = event["stages"]?.object else { return }
        for (stage, value) in stages.members { note(stage, value.double ?? 0) }
        note("total", event["total"]?.double ?? 0)
    }

    mutating func note(_ stage: String, _ milliseconds: Double) {
        if values[stage] == nil { order.append(stage) }
        values[stage, default: []].append(milliseconds)
    }

    /// The median of each stage in the order of their happening, the total last.
    var medians: [(stage: String, median: Double)] {
        (order.filter { $0 != "total" } + order.filter { $0 == "total" }).map { stage in
            (stage, Spread(values[stage] ?? []).median)
        }
    }
}
