// SPDX-License-Identifier: Apache-2.0

import DevloopCore

/// How long the calls of builtins took; for `plan --timings`.
struct BuiltinTimings {
    /// All calls of one builtin from one place.
    struct Row {
        var name: String
        var location: SourceLocation?
        var calls = 0
        var duration = Duration.zero
    }

    private(set) var rows: [Row] = []
    private let now: @Sendable () -> ContinuousClock.Instant
    /// Time that calls inside of the running call took, one sum per level.
    private var inner: [Duration] = []

    init(now: @escaping @Sendable () -> ContinuousClock.Instant) { self.now = now }

    /// Runs a call and notes its own time: what calls inside of it took is theirs.
    mutating func begin() -> ContinuousClock.Instant {
        inner.append(.zero)
        return now()
    }

    mutating func end(_ name: String, at location: SourceLocation?, start: ContinuousClock.Instant) {
        let total = now() - start
        let own = total - (inner.popLast() ?? .zero)
        if !inner.isEmpty { inner[inner.count - 1] += total }
        let index = rows.firstIndex { $0.name == name && $0.location == location }
        if let index {
            rows[index].calls += 1
            rows[index].duration += own
        } else {
            rows.append(Row(name: name, location: location, calls: 1, duration: own))
        }
    }
}
