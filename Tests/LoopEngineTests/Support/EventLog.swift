// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import DevloopTestSupport
import LoopEngine
import Synchronization

/// Everything that a journal told, to be waited for and looked at.
final class EventLog: Sendable {
    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    private let events = Mutex<[Event]>([])
    private let collector: Mutex<Task<Void, Never>?> = Mutex(nil)

    init(_ stream: AsyncStream<Event>) {
        let task = Task { [weak self] in
            for await event in stream { self?.events.withLock { $0.append(event) } }
        }
        collector.withLock { $0 = task }
    }

    var all: [Event] { events.withLock { $0 } }

    /// `build.started`, in order.
    var kinds: [String] { all.map(\.kind.name) }

    func all(_ kind: EventKind, resource: String? = nil) -> [Event] {
        all.filter { $0.kind == kind && (resource == nil || $0.resource == resource) }
    }

    /// Waits for an event; events up to `after` do not count.
    @discardableResult
    func wait(
        _ kind: EventKind, resource: String? = nil, after: Int = 0, where matches: (Event) -> Bool = { _ in true }
    ) async throws -> Event {
        var found: Event?
        let isThere = await poll(every: .milliseconds(1)) {
            found = all(kind, resource: resource).first { $0.sequence > after && matches($0) }
            return found != nil
        }
        guard isThere, let found else {
            let lines = all.map { $0.json.jsonText }.joined(separator: "\n")
            throw Missing(description: "no \(kind.name) after \(after) in:\n\(lines)")
        }
        return found
    }

    /// Waits until a resource is told to be in a state.
    @discardableResult
    func wait(_ resource: String, is state: String, after: Int = 0) async throws -> Event {
        try await wait(.resourceChanged, resource: resource, after: after) { $0.fields["state"]?.string == state }
    }

    /// Waits until all that was recorded was collected.
    func finish() async {
        let task = collector.withLock { $0 }
        await task?.value
    }
}

extension Event {
    func text(_ key: String) -> String? { fields[key]?.string }
    func number(_ key: String) -> Int? { fields[key]?.int }
}
