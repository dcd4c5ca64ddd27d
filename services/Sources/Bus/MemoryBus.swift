// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A bus inside the process, for tests and for programs that run several services in one.
package final class MemoryBus: MessageBus {
    private typealias Sink = AsyncStream<[UInt8]>.Continuation

    private struct Queue {
        var members: [Int: Sink] = [:]
        var turn = 0
    }

    private struct State {
        /// By subject, then by queue.
        var queues: [String: [String: Queue]] = [:]
        var lastMember = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func publish(_ message: [UInt8], on subject: String) async throws {
        let sinks = state.withLock { state in
            var sinks: [Sink] = []
            for (name, queue) in state.queues[subject] ?? [:] where !queue.members.isEmpty {
                // Members take turns.
                let members = queue.members.sorted { $0.key < $1.key }
                sinks.append(members[queue.turn % members.count].value)
                state.queues[subject]?[name]?.turn += 1
            }
            return sinks
        }
        for sink in sinks { sink.yield(message) }
    }

    package func messages(on subject: String, queue: String) async throws -> AsyncStream<[UInt8]> {
        let (stream, sink) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingOldest(4_096))
        let member = state.withLock { state in
            state.lastMember += 1
            state.queues[subject, default: [:]][queue, default: Queue()].members[state.lastMember] = sink
            return state.lastMember
        }
        sink.onTermination = { [weak self] _ in
            self?.state.withLock { $0.queues[subject]?[queue]?.members[member] = nil }
        }
        return stream
    }
}
