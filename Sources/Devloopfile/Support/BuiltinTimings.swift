// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// How long the calls of builtins took; for `plan --timings`.
package struct BuiltinTimings {
    /// All calls of one builtin from one place.
    package struct Row: Sendable {
        package var name: String
        package var location: SourceLocation?
        package var calls = 0
        package var duration = Duration.zero
    }

    private(set) var rows: [Row] = []
    private let now: @Sendable () -> ContinuousClock.Instant
    /// Time that calls inside of the running call took, one sum per level.
    private var inner: [Duration] = []

    init(now: @escaping @Sendable () -> ContinuousClock.Instant) { self.now = now }

    /// A call begins; what calls inside of it take is theirs.
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
