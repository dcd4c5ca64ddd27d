// SPDX-License-Identifier: Apache-2.0

import SyncProtocol
import Testing

@testable import DevloopLive

/// What a program is told after a set.
@Suite(.timeLimit(.minutes(1)))
struct SyncDueTests {
    typealias Told = (restarts: Bool, signals: [UInt8])

    /// What sets ask for, one after the other, and what comes of them.
    static let rows: [(told: [Told], startsAnew: Bool, rule: RestartRule, signals: Set<UInt8>)] = [
        ([], false, .ifEntryChanged, []), ([(false, [])], false, .ifEntryChanged, []),
        ([(false, [10, 1])], false, .signal(1), [1, 10]), ([(true, [])], false, .always, []),
        ([(false, [1])], true, .always, []), ([(false, [1]), (false, [1, 12])], false, .signal(1), [1, 12]),
        ([(false, [1]), (true, [])], false, .always, []), ([(true, []), (false, [1])], false, .always, []),
    ]

    @Test(arguments: rows.indices) func aRestartWinsOverSignals(_ index: Int) {
        let row = Self.rows[index]
        var due = SyncDue()
        for told in row.told { due.add(told, startsAnew: row.startsAnew) }
        #expect(due.rule == row.rule)
        #expect(due.signals == row.signals)
        #expect(due.isAnything == (row.rule != .ifEntryChanged))
    }
}
