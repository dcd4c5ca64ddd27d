// SPDX-License-Identifier: Apache-2.0

package import DevloopCore

/// See ``KubeClient/followLogs(namespace:pod:container:options:)``.
package struct LogFollower: AsyncSequence, Sendable {
    package enum Event: Sendable {
        case line(LogLine)
        /// The stream broke; it will be reopened.
        case interrupted(DevloopError)
    }
    package typealias Element = Event

    let open: @Sendable (LogOptions) -> LogStream
    /// Id of the container while it runs.
    let containerID: @Sendable () async throws -> String?
    let options: LogOptions

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let source: LogFollower
        private var stream: LogStream.AsyncIterator?
        private var resume = LogResume()
        private var backoff = Backoff()
        private var pause: Duration?
        private var life: String?
        private var isAtEnd = false

        init(_ source: LogFollower) { self.source = source }

        /// nil at the end of the container's life, or when the task is cancelled.
        package mutating func next() async -> Event? {
            while !Task.isCancelled, !isAtEnd {
                if let pause {
                    self.pause = nil
                    guard (try? await Task.sleep(for: pause)) != nil else { return nil }
                }
                do {
                    if let line = try await step() { return .line(line) }
                } catch {
                    if Task.isCancelled { return nil }
                    stream = nil
                    if error.kubeFailure?.isNotFound == true {
                        isAtEnd = true
                        return nil
                    }
                    pause = backoff.next()
                    return .interrupted(
                        error as? DevloopError ?? DevloopError(.clusterUnreachable, "\(error)", cause: error))
                }
            }
            return nil
        }

        private mutating func step() async throws -> LogLine? {
            if stream == nil {
                if life == nil { life = try await source.containerID() }
                var options = source.options
                if let since = resume.reopenAt {
                    options.since = since
                    options.tailLines = nil
                    resume.reopen()
                }
                stream = source.open(options).makeAsyncIterator()
            }
            if let line = try await stream?.next() {
                backoff.reset()
                return resume.accept(line) ? line : nil
            }
            // An orderly end: of the container, or only of this connection (a server that restarts, a rotated file).
            stream = nil
            let running = source.options.follow && !source.options.previous ? try await source.containerID() : nil
            if let running, running == life { pause = backoff.next() } else { isAtEnd = true }
            return nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
