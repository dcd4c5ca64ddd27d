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

    package init(wall: @escaping @Sendable () -> WallTime) { self.wall = wall }

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
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.last += 1
            let event = Event(
                sequence: state.last, time: wall(), kind: kind, save: save, resource: resource, fields: fields)
            for subscriber in state.subscribers { subscriber.yield(event) }
            return event
        }
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
