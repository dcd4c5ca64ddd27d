// SPDX-License-Identifier: Apache-2.0

package import DevloopCore
import Synchronization

/// The one ordered record of a session; every screen and output reads it.
///
/// Subscribers get every event, in order: streams are not bounded, since JSON output is never dropped (design §4.3).
package final class Journal: Sendable {
    private struct State {
        var last = 0
        var subscribers: [AsyncStream<Event>.Continuation] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wall: @Sendable () -> WallTime

    /// Takes the values of Secrets out of what is recorded.
    let scrubber: Scrubber?

    package init(wall: @escaping @Sendable () -> WallTime) {
        self.wall = wall
        scrubber = nil
    }

    init(wall: @escaping @Sendable () -> WallTime, scrubber: Scrubber) {
        self.wall = wall
        self.scrubber = scrubber
    }

    /// Events from now on; the stream ends with ``close()``.
    package func subscribe() -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .unbounded)
        state.withLock { state in
            if state.isClosed { continuation.finish() } else { state.subscribers.append(continuation) }
        }
        return stream
    }

    /// Records an event and hands it to every subscriber. The lock is held while it is handed over, so that all see the
    /// same order.
    @discardableResult
    package func record(
        _ kind: EventKind, save: Int? = nil, resource: String? = nil, _ fields: JSONObject = [:]
    ) -> Event? {
        let fields = scrubber.map { Self.scrubbed(fields, by: $0) } ?? fields
        return state.withLock { state in
            guard !state.isClosed else { return nil }
            state.last += 1
            let event = Event(
                sequence: state.last, time: wall(), kind: kind, save: save, resource: resource, fields: fields)
            for subscriber in state.subscribers { subscriber.yield(event) }
            return event
        }
    }

    /// The texts in which words from outside may stand.
    private static func scrubbed(_ fields: JSONObject, by scrubber: Scrubber) -> JSONObject {
        var fields = fields
        for key in ["text", "message", "reason", "output"] {
            if let text = fields[key]?.string { fields[key] = .string(scrubber.scrub(text)) }
        }
        return fields
    }

    /// Ends all streams after what was recorded.
    package func close() {
        state.withLock { state in
            state.isClosed = true
            for subscriber in state.subscribers { subscriber.finish() }
            state.subscribers = []
        }
    }
}
