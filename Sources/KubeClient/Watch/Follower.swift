// SPDX-License-Identifier: Apache-2.0

import DevloopCore
import HTTPTransport

/// Objects of a kind, for ever: lists, watches, resumes where a watch ended, lists again when the server has forgotten
/// that place, and tries again with pauses of up to 10 s when the cluster is away. It ends with its task.
package struct Follower: AsyncSequence, Sendable {
    package typealias Element = FollowEvent

    let list: @Sendable () async throws -> KubeList
    let watch: @Sendable (String) -> WatchStream
    let now: @Sendable () -> ContinuousClock.Instant

    package struct AsyncIterator: AsyncIteratorProtocol {
        private enum Phase {
            case list
            case watch(from: String)
            case read(WatchStream.AsyncIterator, version: String, since: ContinuousClock.Instant)
        }

        /// A watch that ends sooner and brought nothing counts as a failure: a server that hangs up at once.
        private static let shortestWatch: Duration = .seconds(1)

        private let source: Follower
        private var phase = Phase.list
        private var cache = FollowCache()
        private var backoff = Backoff()
        private var pause: Duration?
        private var isConnected = false
        /// The watch has brought something since the last list.
        private var hasProgress = false
        private var pending: [FollowEvent] = []

        init(_ source: Follower) { self.source = source }

        /// nil only when the task is cancelled.
        package mutating func next() async -> FollowEvent? {
            while !Task.isCancelled {
                if let event = pending.popLast() { return event }
                if let pause {
                    self.pause = nil
                    guard (try? await Task.sleep(for: pause)) != nil else { return nil }
                }
                do {
                    try await step()
                } catch {
                    if Task.isCancelled { return nil }
                    fail(error)
                }
            }
            return nil
        }

        private mutating func step() async throws {
            switch phase {
            case .list:
                let list = try await source.list()
                hasProgress = false
                queue(cache.replace(list.items) + [.synced])
                phase = .watch(from: list.resourceVersion)
            case .watch(let version):
                var stream = source.watch(version).makeAsyncIterator()
                try await stream.connect()
                phase = .read(stream, version: version, since: source.now())
                if !isConnected {
                    isConnected = true
                    queue([.connected])
                }
            case .read(var stream, let version, let since):
                // Left in a state from which an error resumes.
                phase = .watch(from: version)
                guard let event = try await stream.next() else {
                    if source.now() - since < Self.shortestWatch { pause = backoff.next() } else { backoff.reset() }
                    return
                }
                if case .error(let failure) = event {
                    phase = .list
                    guard failure.isExpired else { throw failure.error("watch") }
                    return listAgain()
                }
                backoff.reset()
                hasProgress = true
                phase = .read(stream, version: event.resourceVersion ?? version, since: since)
                if let change = cache.apply(event) { queue([change]) }
            }
        }

        /// 410: the server no longer knows our place; the list says what was missed. A server that forgets the place of
        /// its own list is not asked without a pause.
        private mutating func listAgain() {
            phase = .list
            if !hasProgress { pause = backoff.next() }
        }

        private mutating func fail(_ error: any Error) {
            if error.kubeFailure?.isExpired == true { return listAgain() }
            pause = backoff.next(atLeast: error.kubeFailure?.retryAfter)
            // A server that was away may come back with another history, in which our place means nothing.
            switch error.httpFailure?.kind {
            case .connect, .tls: phase = .list
            default: break
            }
            isConnected = false
            queue([
                .disconnected(error as? DevloopError ?? DevloopError(.clusterUnreachable, "\(error)", cause: error))
            ])
        }

        /// Kept in reverse, so that taking the next is cheap.
        private mutating func queue(_ events: [FollowEvent]) { pending = events.reversed() + pending }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

extension KubeClient {
    /// Follows objects of a kind.
    /// - Parameter namespace: nil means all namespaces.
    package func follow(
        _ resource: APIResource, namespace: String? = nil, labelSelector: String? = nil, fieldSelector: String? = nil
    ) -> Follower {
        Follower(
            list: { [self] in
                try await list(
                    resource, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector)
            },
            watch: { [self] version in
                watch(
                    resource, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector,
                    from: version)
            },
            now: now)
    }
}
