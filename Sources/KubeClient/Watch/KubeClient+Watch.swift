// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// The events of one watch request, pulled: while nobody reads, the server waits. It ends when the server ends it, which
/// API servers do after a few minutes.
package struct WatchStream: AsyncSequence, Sendable {
    package typealias Element = WatchEvent
    let open: @Sendable () async throws -> HTTPBody

    package struct AsyncIterator: AsyncIteratorProtocol {
        /// The largest object etcd takes is 1.5 MiB; as JSON it stays far below this.
        private static let maximumLine = 64 << 20
        let open: @Sendable () async throws -> HTTPBody
        private var lines: LineReader?

        init(open: @escaping @Sendable () async throws -> HTTPBody) { self.open = open }

        /// Sends the request, so that a refusal is seen before the first event.
        package mutating func connect() async throws {
            if lines == nil { lines = LineReader(try await open(), maximumLine: Self.maximumLine) }
        }

        /// - Throws: `DevloopError`; the request is sent with the first call.
        package mutating func next() async throws -> WatchEvent? {
            try await connect()
            while let line = try await lines?.next() {
                if line.isEmpty { continue }
                do {
                    if let event = try WatchEvent(parsing: line) { return event }
                } catch {
                    throw DevloopError(
                        .protocolViolation, "the watch delivered something that is no event: \(error)",
                        cause: HTTPFailure(kind: .malformed))
                }
            }
            return nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(open: open) }
}

extension KubeClient {
    /// Watches objects of a kind from a resource version on; see ``follow(_:namespace:labelSelector:fieldSelector:)`` for
    /// one that never ends.
    /// - Parameter namespace: nil means all namespaces.
    package func watch(
        _ resource: APIResource, namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil,
        from resourceVersion: String
    ) -> WatchStream {
        // Not all at the same moment.
        let seconds = Int.random(in: watchSeconds)
        var query = [
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion),
            ("timeoutSeconds", String(seconds)),
        ]
        if let labelSelector { query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
        let call = Call(
            resource.path(namespace: namespace), query: query, what: describe("watch", resource, namespace))
        return WatchStream { [self] in try await stream(call, idleTimeout: .seconds(seconds + max(2, seconds / 5))) }
    }
}
