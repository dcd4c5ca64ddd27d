// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import ProcessRunner
import Synchronization

/// The events that a session has printed so far.
final class EventInbox: Sendable {
    private struct State {
        var lines = LineSplitter()
        var events: [(event: JSONValue, at: ContinuousClock.Instant)] = []
        var isClosed = false
    }
    private let state = Mutex(State())

    func add(_ bytes: [UInt8]) {
        let now = ContinuousClock.now
        state.withLock { state in
            for line in state.lines.add(bytes) {
                // Logs of the service are of no interest, and there may be many.
                guard let event = try? JSONValue(parsing: line), event["kind"]?.string != "log.written" else {
                    continue
                }
                state.events.append((event, now))
            }
        }
    }

    func close() { state.withLock { $0.isClosed = true } }

    var isClosed: Bool { state.withLock(\.isClosed) }
    var count: Int { state.withLock(\.events.count) }

    /// Those of a kind, from an index on.
    func events(_ kind: String, since index: Int = 0) -> [JSONValue] {
        arrivals(kind, since: index).map(\.event)
    }

    /// The same with the moments at which they came.
    func arrivals(_ kind: String, since index: Int = 0) -> [(event: JSONValue, at: ContinuousClock.Instant)] {
        state.withLock { state in state.events.dropFirst(index).filter { $0.event["kind"]?.string == kind } }
    }
}

/// What a program writes to standard error.
final class ErrorText: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func add(_ more: [UInt8]) { bytes.withLock { $0 += more } }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}
