// SPDX-License-Identifier: Apache-2.0

import SyncProtocol

/// What the program of a container is to be told once a set is in place; pure.
struct SyncDue: Equatable {
    private(set) var restarts = false
    /// By their numbers; none when it restarts, since a new process needs none.
    private(set) var signals: Set<UInt8> = []

    var isAnything: Bool { restarts || !signals.isEmpty }

    /// For a set after which nothing else has to happen first. The agent sends one signal, the others follow it.
    var rule: RestartRule {
        if restarts { return .always }
        return signals.min().map { .signal($0) } ?? .ifEntryChanged
    }

    /// - Parameter startsAnew: the program, or what belongs to it, is another one.
    mutating func add(_ told: (restarts: Bool, signals: [UInt8]), startsAnew: Bool) {
        restarts = restarts || told.restarts || startsAnew
        signals = restarts ? [] : signals.union(told.signals)
    }
}
